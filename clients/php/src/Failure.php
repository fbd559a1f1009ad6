<?php

declare(strict_types=1);

namespace Kahets;

/** What went wrong, as a value: nothing of this client throws it. */
final class Failure
{
    public function __construct(
        public readonly Reason $reason,
        /** One line for a log: the place, what was found, what was expected. Never what a message holds. */
        public readonly string $message,
    ) {
    }
}
