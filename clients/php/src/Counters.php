<?php

declare(strict_types=1);

namespace Kahets;

/** What a producer has done since it was made: messages given to it = sent + failed + buffered. */
final class Counters
{
    public function __construct(
        /** Messages written to the socket as a whole. */
        public readonly int $sent = 0,
        /** Messages refused, or given to the fallback. */
        public readonly int $failed = 0,
        /** Messages that wait in the buffer. */
        public readonly int $buffered = 0,
        /** Bytes written to the socket. */
        public readonly int $bytes = 0,
        /** Connections opened in place of one that was lost. */
        public readonly int $reconnects = 0,
    ) {
    }
}
