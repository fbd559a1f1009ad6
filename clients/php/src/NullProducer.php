<?php

declare(strict_types=1);

namespace Kahets;

/** Takes every message and forgets it: for tests, and where nothing is to be sent. */
final class NullProducer implements ProducerInterface
{
    public function send(
        string $bucket,
        ?string $message,
        ?string $key = '',
        array $headers = [],
        ?int $timestampMs = null,
        ?int $partition = null,
    ): bool {
        return true;
    }

    public function flush(): bool
    {
        return true;
    }

    public function sync(int $timeoutMs = 1000): Synced
    {
        return new Synced(SyncStatus::Delivered);
    }

    public function lastError(): ?Failure
    {
        return null;
    }

    public function counters(): Counters
    {
        return new Counters();
    }
}
