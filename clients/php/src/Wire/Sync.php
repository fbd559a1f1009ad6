<?php

declare(strict_types=1);

namespace Kahets\Wire;

use Kahets\Synced;
use Kahets\SyncStatus;

/** The question "what became of all that I sent?", and the daemon's answer. */
final class Sync
{
    public const ANSWER_BYTES = 19;

    /** A question; the answer repeats its token, 0 to 2^32 - 1. */
    public static function question(int $token): string
    {
        return pack('VCCV', 6, 0, 2, $token);
    }

    /** Null where the bytes are no answer to this question. */
    public static function answer(string $bytes, int $token): ?Synced
    {
        $head = pack('VCCV', self::ANSWER_BYTES - Frames::LENGTH_BYTES, 0, 3, $token);
        if (strlen($bytes) !== self::ANSWER_BYTES || !str_starts_with($bytes, $head)) {
            return null;
        }
        ['status' => $code, 'messages' => $messages] = unpack('Cstatus/Pmessages', $bytes, strlen($head));
        $status = [SyncStatus::Delivered, SyncStatus::BackedUp, SyncStatus::Dropped][$code] ?? null;
        return $status === null ? null : new Synced($status, $messages);
    }
}
