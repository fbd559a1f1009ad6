<?php

declare(strict_types=1);

namespace Kahets;

use Closure;
use InvalidArgumentException;
use Kahets\Wire\Encoder;
use Psr\Log\LoggerInterface;

/** How a Producer behaves. Every option has a default; name those that you change. */
final class Options
{
    /** @var Closure(Unsent): mixed|null */
    public readonly ?Closure $fallback;
    /** As stream_socket_client takes it. */
    public readonly string $address;

    /**
     * @param string $socket           the daemon's SOCKET: a path, or tcp://127.0.0.1:9410
     * @param int    $bufferBytes      written when so much waits, at the latest at the end of the request; 0: each at once
     * @param int    $flushAfterMs     a send writes the buffer, too, when its first message has waited for so long
     * @param bool   $persistent       keep the connection for the next request of this process
     * @param int    $connectTimeoutMs for a connection
     * @param int    $timeoutMs        for all that one send or flush does
     * @param int    $maxFrameBytes    the daemon's MAX_FRAME: larger messages are refused
     * @param callable(Unsent): mixed|null $fallback gets what could not be sent
     * @param LoggerInterface|null $logger told once when sending fails, once when it works again, and of refused messages
     *
     * @throws InvalidArgumentException an option is out of range
     */
    public function __construct(
        string $socket = '/tmp/kahego.sock',
        public readonly int $bufferBytes = 65536,
        public readonly int $flushAfterMs = 1000,
        public readonly bool $persistent = true,
        public readonly int $connectTimeoutMs = 50,
        public readonly int $timeoutMs = 100,
        public readonly int $maxFrameBytes = Encoder::MAX_FRAME_BYTES,
        ?callable $fallback = null,
        public readonly ?LoggerInterface $logger = null,
    ) {
        self::expectAtLeast('bufferBytes', $bufferBytes, 0);
        self::expectAtLeast('flushAfterMs', $flushAfterMs, 0);
        self::expectAtLeast('connectTimeoutMs', $connectTimeoutMs, 1);
        self::expectAtLeast('timeoutMs', $timeoutMs, 1);
        self::expectAtLeast('maxFrameBytes', $maxFrameBytes, 1);
        $this->address = self::addressOf($socket);
        $this->fallback = $fallback === null ? null : Closure::fromCallable($fallback);
    }

    /**
     * Options by name, as a configuration file or a DSN has them: numbers and booleans may be text.
     *
     * @param array<string, mixed> $given
     *
     * @throws InvalidArgumentException an option is unknown, or not of its kind
     */
    public static function fromArray(array $given): self
    {
        $numbers = ['bufferBytes', 'flushAfterMs', 'connectTimeoutMs', 'timeoutMs', 'maxFrameBytes'];
        foreach ($given as $name => $value) {
            $given[$name] = match (true) {
                \in_array($name, $numbers, true) => self::filtered($name, $value, FILTER_VALIDATE_INT, 'a whole number'),
                $name === 'persistent' => self::filtered($name, $value, FILTER_VALIDATE_BOOLEAN, 'true or false'),
                \in_array($name, ['socket', 'fallback', 'logger'], true) => $value,
                default => throw new InvalidArgumentException(
                    "kahets: option $name: unknown; expected socket, persistent, fallback, logger, " . \implode(', ', $numbers),
                ),
            };
        }
        return new self(...$given);
    }

    private static function filtered(string $name, mixed $value, int $filter, string $expected): int|bool
    {
        return \filter_var($value, $filter, FILTER_NULL_ON_FAILURE)
            ?? throw new InvalidArgumentException("kahets: option $name: expected $expected, got " . \get_debug_type($value));
    }

    private static function expectAtLeast(string $name, int $found, int $least): void
    {
        if ($found < $least) {
            throw new InvalidArgumentException("kahets: option $name: expected at least $least, got $found");
        }
    }

    private static function addressOf(string $socket): string
    {
        return match (true) {
            \str_starts_with($socket, '/') => "unix://$socket",
            \preg_match('#^(unix:///|tcp://[^/]+:\d+$)#', $socket) === 1 => $socket,
            default => throw new InvalidArgumentException(
                "kahets: option socket: expected an absolute path or tcp://HOST:PORT, got \"$socket\"",
            ),
        };
    }
}
