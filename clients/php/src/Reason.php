<?php

declare(strict_types=1);

namespace Kahets;

/** Why messages were not sent. */
enum Reason: string
{
    /** The message cannot be written as a frame: its bucket, key, headers, time or partition. */
    case Invalid = 'invalid';
    /** The message is larger than the daemon takes. */
    case TooLarge = 'too_large';
    /** Nobody listens, no permission, or no connection within `connectTimeoutMs`. */
    case Unreachable = 'unreachable';
    /** The daemon did not read, or did not answer, within the time that was given. */
    case Timeout = 'timeout';
    /** The daemon closed the connection, twice in one attempt. */
    case Closed = 'closed';
    /** Not tried, since the attempt before failed a moment ago. */
    case Paused = 'paused';
}
