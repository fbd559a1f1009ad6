<?php

declare(strict_types=1);

namespace Kahets;

use Kahets\Wire\Encoder;

/** Keeps messages for a test to look at, and refuses what a Producer refuses. */
final class InMemoryProducer implements ProducerInterface
{
    /** @var list<Message> */
    private array $messages = [];
    private int $synced = 0;
    private int $failed = 0;
    private int $bytes = 0;
    private bool $failedSinceSync = false;
    private ?Failure $lastError = null;
    private readonly Encoder $encoder;

    public function __construct(int $maxFrameBytes = Encoder::MAX_FRAME_BYTES)
    {
        $this->encoder = new Encoder($maxFrameBytes);
    }

    public function send(
        string $bucket,
        ?string $message,
        ?string $key = '',
        array $headers = [],
        ?int $timestampMs = null,
        ?int $partition = null,
    ): bool {
        $frame = $this->encoder->encode($bucket, $message, $key, $headers, $timestampMs, $partition);
        if ($frame instanceof Failure) {
            $this->lastError = $frame;
            $this->failedSinceSync = true;
            ++$this->failed;
            return false;
        }
        $this->messages[] = new Message($bucket, $message, $key, $headers, $timestampMs, $partition);
        $this->bytes += strlen($frame);
        $this->lastError = null;
        return true;
    }

    /** @return list<Message> those of one bucket, or all, in the order in which they were sent */
    public function messages(?string $bucket = null): array
    {
        return array_values(array_filter(
            $this->messages,
            static fn (Message $each): bool => $bucket === null || $each->bucket === $bucket,
        ));
    }

    public function flush(): bool
    {
        $this->lastError = null;
        return true;
    }

    public function sync(int $timeoutMs = 1000): Synced
    {
        $answer = new Synced(
            $this->failedSinceSync ? SyncStatus::NotSent : SyncStatus::Delivered,
            count($this->messages) - $this->synced,
        );
        $this->synced = count($this->messages);
        $this->failedSinceSync = false;
        $this->lastError = null;
        return $answer;
    }

    public function lastError(): ?Failure
    {
        return $this->lastError;
    }

    public function counters(): Counters
    {
        return new Counters(sent: count($this->messages), failed: $this->failed, bytes: $this->bytes);
    }
}
