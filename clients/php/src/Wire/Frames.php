<?php

declare(strict_types=1);

namespace Kahets\Wire;

use Generator;
use Kahets\Message;

/** Reads frames that were written by an Encoder. */
final class Frames
{
    public const LENGTH_BYTES = 4;

    private const NULL_HEADER = 0xffffffff;

    /**
     * How many frames lie whole before `$end`, and where the last of them ends.
     *
     * @return array{int, int}
     */
    public static function whole(string $frames, int $end): array
    {
        $count = 0;
        for ($at = 0; $at + self::LENGTH_BYTES <= $end; $at = $next) {
            $next = $at + self::LENGTH_BYTES + self::number('V', $frames, $at);
            if ($next > $end) {
                break;
            }
            ++$count;
        }
        return [$count, $at];
    }

    /** @return Generator<Message> */
    public static function messages(string $frames): Generator
    {
        $end = strlen($frames);
        for ($at = 0; $at < $end; $at = $next) {
            $start = $at + self::LENGTH_BYTES;
            $next = $start + self::number('V', $frames, $at);
            yield $frames[$start] === "\0" ? self::record($frames, $start, $next) : self::version1($frames, $start, $next);
        }
    }

    private static function version1(string $frames, int $at, int $end): Message
    {
        $bucketEnd = $at + 1 + ord($frames[$at]);
        $keyEnd = $bucketEnd + 1 + ord($frames[$bucketEnd]);
        return new Message(
            substr($frames, $at + 1, $bucketEnd - $at - 1),
            substr($frames, $keyEnd, $end - $keyEnd),
            substr($frames, $bucketEnd + 1, $keyEnd - $bucketEnd - 1),
        );
    }

    private static function record(string $frames, int $start, int $end): Message
    {
        $flags = ord($frames[$start + 2]);
        $bucketEnd = $start + 4 + ord($frames[$start + 3]);
        $at = $keyEnd = $bucketEnd + 2 + self::number('v', $frames, $bucketEnd);
        $timestampMs = $partition = null;
        if ($flags & 1) {
            $timestampMs = self::number('P', $frames, $at);
            $at += 8;
        }
        if ($flags & 2) {
            $partition = self::number('V', $frames, $at);
            $at += 4;
        }
        $headers = [];
        $left = self::number('v', $frames, $at);
        $at += 2;
        for (; $left > 0; --$left) {
            $nameEnd = $at + 2 + self::number('v', $frames, $at);
            $length = self::number('V', $frames, $nameEnd);
            $name = substr($frames, $at + 2, $nameEnd - $at - 2);
            $headers[] = [$name, $length === self::NULL_HEADER ? null : substr($frames, $nameEnd + 4, $length)];
            $at = $nameEnd + 4 + ($length === self::NULL_HEADER ? 0 : $length);
        }
        return new Message(
            substr($frames, $start + 4, $bucketEnd - $start - 4),
            $flags & 8 ? null : substr($frames, $at, $end - $at),
            $flags & 4 ? null : substr($frames, $bucketEnd + 2, $keyEnd - $bucketEnd - 2),
            $headers,
            $timestampMs,
            $partition,
        );
    }

    /** @param 'v'|'V'|'P' $format as of `unpack` */
    private static function number(string $format, string $frames, int $at): int
    {
        return unpack($format, $frames, $at)[1];
    }
}
