<?php

declare(strict_types=1);

namespace Kahets\Symfony;

use Kahets\ProducerInterface;
use Symfony\Component\Messenger\Envelope;
use Symfony\Component\Messenger\Exception\TransportException;
use Symfony\Component\Messenger\Stamp\DelayStamp;
use Symfony\Component\Messenger\Transport\Serialization\SerializerInterface;
use Symfony\Component\Messenger\Transport\TransportInterface;

/** Sends messages to a bucket: the body is the message, Messenger's headers are its headers. It does not receive. */
final class KahetsTransport implements TransportInterface
{
    /** @param int|null $syncTimeoutMs wait so long, with each message, until it is safe; null: do not */
    public function __construct(
        private readonly ProducerInterface $producer,
        private readonly SerializerInterface $serializer,
        private readonly string $bucket,
        private readonly ?int $syncTimeoutMs = null,
    ) {
    }

    public function send(Envelope $envelope): Envelope
    {
        if ($envelope->last(DelayStamp::class) instanceof DelayStamp) {
            throw new TransportException('kahets: a message cannot be delayed; remove its DelayStamp.');
        }
        $stamp = $envelope->last(KahetsStamp::class) ?? new KahetsStamp();
        $encoded = $this->serializer->encode($envelope);
        $isSent = $this->producer->send(
            $stamp->bucket ?? $this->bucket,
            $encoded['body'],
            $stamp->key,
            array_map(strval(...), $encoded['headers'] ?? []),
            $stamp->timestampMs,
            $stamp->partition,
        );
        if (!$isSent) {
            throw new TransportException("kahets: not sent: {$this->producer->lastError()?->message}");
        }
        if ($this->syncTimeoutMs !== null) {
            $answer = $this->producer->sync($this->syncTimeoutMs);
            if (!$answer->isSafe()) {
                $why = $this->producer->lastError()?->message ?? 'see the log of the daemon';
                throw new TransportException("kahets: the message is not safe: {$answer->status->value} ($why)");
            }
        }
        return $envelope;
    }

    public function get(): iterable
    {
        throw self::cannotReceive();
    }

    public function ack(Envelope $envelope): void
    {
        throw self::cannotReceive();
    }

    public function reject(Envelope $envelope): void
    {
        throw self::cannotReceive();
    }

    private static function cannotReceive(): TransportException
    {
        return new TransportException('kahets: this transport only sends; consume the topic with a Kafka client.');
    }
}
