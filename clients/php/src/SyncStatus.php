<?php

declare(strict_types=1);

namespace Kahets;

/** What became of the messages since the last `sync`: the worst that any of them met. */
enum SyncStatus: string
{
    /** All are where they belong, acknowledged; or sampled out by the configuration. */
    case Delivered = 'delivered';
    /** Some are in a backup or a dead letter file. */
    case BackedUp = 'backed_up';
    /** The daemon dropped some: malformed, no such bucket, no room. */
    case Dropped = 'dropped';
    /** Some never left: they were refused, or given to the fallback. */
    case NotSent = 'not_sent';
    /** No answer in time, or the connection was lost in between. They may have arrived. */
    case Unknown = 'unknown';
}
