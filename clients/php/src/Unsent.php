<?php

declare(strict_types=1);

namespace Kahets;

use Kahets\Wire\Frames;

/** What a fallback gets: messages that were not sent, whole, in order. */
final class Unsent
{
    /** @param Message|null $refused the message that cannot be written as a frame */
    public function __construct(
        public readonly Failure $failure,
        /** How many messages. */
        public readonly int $count,
        /** The frames as they would have been written, which `kahets replay` reads from a file; empty for a refused message. */
        public readonly string $frames,
        private readonly ?Message $refused = null,
    ) {
    }

    /** @return iterable<Message> */
    public function messages(): iterable
    {
        return $this->refused === null ? Frames::messages($this->frames) : [$this->refused];
    }
}
