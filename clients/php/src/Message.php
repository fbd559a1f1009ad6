<?php

declare(strict_types=1);

namespace Kahets;

/** One message, as it was given to `send`. */
final class Message
{
    /**
     * @param string|null $message     null: a tombstone, which deletes the key in a compacted topic
     * @param array<int|string, string|null|array{string, string|null}> $headers
     *     name => value, or pairs of name and value where a name comes more than once
     * @param int|null    $timestampMs milliseconds since 1970; null: the time of arrival
     * @param int|null    $partition   null: chosen by the key
     */
    public function __construct(
        public readonly string $bucket,
        public readonly ?string $message,
        public readonly ?string $key = '',
        public readonly array $headers = [],
        public readonly ?int $timestampMs = null,
        public readonly ?int $partition = null,
    ) {
    }
}
