<?php

declare(strict_types=1);

namespace Kahets\Wire;

use Kahets\Failure;
use Kahets\Reason;

/** Writes messages as frames: version 1 where that can carry them, else a record. */
final class Encoder
{
    /** What the daemon takes unless its MAX_FRAME says otherwise. */
    public const MAX_FRAME_BYTES = 8 * 1024 * 1024;
    public const MAX_HEADERS = 1000;

    private const HAS_TIMESTAMP = 1;
    private const HAS_PARTITION = 2;
    private const KEY_IS_NULL = 4;
    private const MESSAGE_IS_NULL = 8;
    private const NULL_HEADER = 0xffffffff;
    private const KNOWN_BUCKETS = 256;
    /** What Kafka takes in the name of a topic: the first regular expression of a request costs more than looking for others. */
    private const OF_TOPICS = 'etaoinsrhldcumfpgwybvkxjqz-_.0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ';

    /** @var array<string, string> buckets that were checked, each behind its length */
    private array $names = [];

    public function __construct(private readonly int $maxFrameBytes = self::MAX_FRAME_BYTES)
    {
    }

    /** @param array<mixed> $headers */
    public function encode(
        string $bucket,
        ?string $message,
        ?string $key = '',
        array $headers = [],
        ?int $timestampMs = null,
        ?int $partition = null,
    ): string|Failure {
        $name = $this->names[$bucket] ?? $this->named($bucket);
        if ($name instanceof Failure) {
            return $name;
        }
        $keyLength = \strlen($key ?? '');
        $length = \strlen($name) + 1 + $keyLength + \strlen($message ?? '');
        if ($length > $this->maxFrameBytes) {
            return $this->tooLarge($length);
        }
        $plain = $key !== null && $message !== null && $headers === [] && $timestampMs === null && $partition === null;
        return $plain && $keyLength <= 255
            ? \pack('V', $length) . $name . \chr($keyLength) . $key . $message
            : $this->record($bucket, $message, $key, $headers, $timestampMs, $partition);
    }

    /**
     * A record, also where version 1 would do.
     *
     * @param array<mixed> $headers
     */
    public function record(
        string $bucket,
        ?string $message,
        ?string $key = '',
        array $headers = [],
        ?int $timestampMs = null,
        ?int $partition = null,
    ): string|Failure {
        $name = $this->names[$bucket] ?? $this->named($bucket);
        if ($name instanceof Failure) {
            return $name;
        }
        $keyLength = \strlen($key ?? '');
        if ($keyLength > 0xffff) {
            return self::invalid("key: expected at most 65535 bytes, got $keyLength");
        }
        if ($timestampMs !== null && $timestampMs < 0) {
            return self::invalid("timestampMs: expected milliseconds since 1970, got $timestampMs");
        }
        if ($partition !== null && ($partition < 0 || $partition > 0x7fffffff)) {
            return self::invalid("partition: expected 0 to 2147483647, got $partition");
        }
        $written = self::headers($headers);
        if ($written instanceof Failure) {
            return $written;
        }
        $flags = ($timestampMs === null ? 0 : self::HAS_TIMESTAMP)
            | ($partition === null ? 0 : self::HAS_PARTITION)
            | ($key === null ? self::KEY_IS_NULL : 0)
            | ($message === null ? self::MESSAGE_IS_NULL : 0);
        $body = "\0\1" . \chr($flags) . $name . \pack('v', $keyLength) . $key
            . ($timestampMs === null ? '' : \pack('P', $timestampMs))
            . ($partition === null ? '' : \pack('V', $partition))
            . $written . $message;
        $length = \strlen($body);
        return $length > $this->maxFrameBytes ? $this->tooLarge($length) : \pack('V', $length) . $body;
    }

    private function named(string $bucket): string|Failure
    {
        $length = \strlen($bucket);
        if ($length < 1 || $length > 255) {
            return self::invalid("bucket: expected 1 to 255 bytes, got $length");
        }
        if (\strspn($bucket, self::OF_TOPICS) !== $length && !self::isText($bucket)) {
            return self::invalid("bucket: expected UTF-8, got $length bytes of something else");
        }
        if (\count($this->names) >= self::KNOWN_BUCKETS) {
            $this->names = [];
        }
        return $this->names[$bucket] = \chr($length) . $bucket;
    }

    /** @param array<mixed> $headers */
    private static function headers(array $headers): string|Failure
    {
        $count = \count($headers);
        if ($count > self::MAX_HEADERS) {
            return self::invalid('headers: expected at most ' . self::MAX_HEADERS . ", got $count");
        }
        $bytes = \pack('v', $count);
        $at = -1;
        foreach ($headers as $name => $value) {
            ++$at;
            if (\is_array($value)) {
                if (!\array_is_list($value) || \count($value) !== 2) {
                    return self::invalid("headers[$at]: expected a pair of name and value, got another array");
                }
                [$name, $value] = $value;
            } else {
                // PHP has made an integer of a name of digits.
                $name = (string) $name;
            }
            if (!\is_string($name) || \strlen($name) > 0xffff || !self::isText($name)) {
                return self::invalid("headers[$at]: name: expected at most 65535 bytes of UTF-8, got something else");
            }
            if ($value !== null && !\is_string($value)) {
                return self::invalid("headers[$at]: value: expected a string or null, got " . \get_debug_type($value));
            }
            $bytes .= \pack('v', \strlen($name)) . $name
                . \pack('V', $value === null ? self::NULL_HEADER : \strlen($value)) . $value;
        }
        return $bytes;
    }

    private static function isText(string $bytes): bool
    {
        return \preg_match('//u', $bytes) === 1;
    }

    private static function invalid(string $message): Failure
    {
        return new Failure(Reason::Invalid, $message);
    }

    private function tooLarge(int $length): Failure
    {
        return new Failure(Reason::TooLarge, "message: expected a frame of at most $this->maxFrameBytes bytes, got $length");
    }
}
