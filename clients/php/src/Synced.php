<?php

declare(strict_types=1);

namespace Kahets;

/** The answer to `sync`. */
final class Synced
{
    public function __construct(
        public readonly SyncStatus $status,
        /**
         * How many messages the daemon speaks of: all that came over the connection since its previous answer, so with a
         * persistent connection those of earlier requests too. 0 where it did not answer.
         */
        public readonly int $messages = 0,
    ) {
    }

    /** Whether every message is with the daemon's primary stream or its backup. */
    public function isSafe(): bool
    {
        return $this->status === SyncStatus::Delivered || $this->status === SyncStatus::BackedUp;
    }
}
