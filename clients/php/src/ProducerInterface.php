<?php

declare(strict_types=1);

namespace Kahets;

/** Sends messages to kahets. What fails is a return value; only arguments of a wrong type throw (PHP's TypeError). */
interface ProducerInterface
{
    /**
     * Takes one message.
     *
     * @param string      $bucket      1 to 255 bytes of UTF-8: the topic in Kafka, unless the daemon is told otherwise
     * @param string|null $message     any bytes; null: a tombstone, which deletes the key in a compacted topic
     * @param string|null $key         any bytes, at most 65,535; the same key goes to the same partition; '': no key
     * @param array<int|string, string|null|array{string, string|null}> $headers
     *     name => value, or pairs of name and value where a name comes more than once; at most 1,000
     * @param int|null    $timestampMs milliseconds since 1970; null: the time of arrival
     * @param int|null    $partition   null: chosen by the key
     *
     * @return bool false when this message was refused, or when a write that it caused failed; `lastError` says why
     */
    public function send(
        string $bucket,
        ?string $message,
        ?string $key = '',
        array $headers = [],
        ?int $timestampMs = null,
        ?int $partition = null,
    ): bool;

    /** Writes what is buffered. False when some of it could not be written; `lastError` says why. */
    public function flush(): bool;

    /**
     * Flushes, and waits until the daemon says what became of everything sent since the last `sync`.
     *
     * It needs kahets; kahego does not answer.
     */
    public function sync(int $timeoutMs = 1000): Synced;

    /** Why the last `send`, `flush` or `sync` failed; null when it did not. */
    public function lastError(): ?Failure;

    public function counters(): Counters;
}
