<?php

declare(strict_types=1);

namespace Kahets\Wire;

use Closure;
use Kahets\Failure;
use Kahets\Reason;

/**
 * The socket. Every call ends by its deadline (in ns of `hrtime`) and reports by what it returns.
 *
 * While a write or a question is under way the stream is non-blocking; it is made blocking again when that is whole. A persistent
 * stream that is found non-blocking was therefore left in the middle of a frame by a request that died there, and is replaced.
 */
final class Connection
{
    /** So much of a long write is copied at a time. */
    private const PIECE_BYTES = 262144;
    private const AGAIN_US = 1000;
    private const EAGAIN = 11;

    /** @var array<string, self> persistent ones by address: all producers of a process write to the same stream */
    private static array $shared = [];

    /** @var resource|null */
    private $stream = null;
    private bool $isBusy = false;
    private bool $wasLost = false;
    private int $pid;
    private int $generation = 0;
    private int $reconnects = 0;
    private int $written = 0;

    private function __construct(private readonly string $address, private readonly bool $isPersistent)
    {
        $this->pid = getmypid();
    }

    public static function to(string $address, bool $persistent): self
    {
        return $persistent ? self::$shared[$address] ??= new self($address, true) : new self($address, false);
    }

    /** Changes with each new connection. */
    public function generation(): int
    {
        return $this->generation;
    }

    /** Connections opened in place of one that was lost. */
    public function reconnects(): int
    {
        return $this->reconnects;
    }

    /** How many bytes the last `write` has handed over. */
    public function written(): int
    {
        return $this->written;
    }

    /** Makes sure that there is a connection which nobody has closed. */
    public function open(int $deadline): ?Failure
    {
        return self::quietly(function () use ($deadline): ?Failure {
            if ($this->stream !== null && !$this->isUsable()) {
                $this->close();
            }
            return $this->stream === null ? $this->connect($deadline) : null;
        });
    }

    /** Writes to the open connection, which is closed when it did not take all. */
    public function write(string $bytes, int $deadline): ?Failure
    {
        $this->written = 0;
        return $this->wholly(fn (): ?Failure => $this->push($bytes, $deadline));
    }

    /** Writes to the open connection and reads so many bytes; it is closed when they do not come. */
    public function ask(string $question, int $answerBytes, int $deadline): string|Failure
    {
        return $this->wholly(fn (): string|Failure => $this->push($question, $deadline) ?? $this->pull($answerBytes, $deadline));
    }

    /** Gives the connection up, as one that is lost. */
    public function close(): void
    {
        if (is_resource($this->stream)) {
            fclose($this->stream);
        }
        $this->stream = null;
        $this->isBusy = false;
        $this->wasLost = true;
    }

    /**
     * @template T of string|null
     * @param Closure(): (T|Failure) $exchange
     * @return T|Failure
     */
    private function wholly(Closure $exchange): string|Failure|null
    {
        $outcome = new Failure(Reason::Closed, "$this->address: interrupted");
        try {
            stream_set_blocking($this->stream, false);
            $this->isBusy = true;
            $outcome = self::quietly($exchange);
        } finally {
            // Also where a signal handler of the application has thrown in the middle of it.
            if ($outcome instanceof Failure) {
                $this->close();
            } else {
                stream_set_blocking($this->stream, true);
                $this->isBusy = false;
            }
        }
        return $outcome;
    }

    /** False where another process, a producer that was interrupted, or the daemon has made an end of it. */
    private function isUsable(): bool
    {
        if (!is_resource($this->stream) || $this->isBusy || $this->pid !== getmypid()) {
            return false;
        }
        stream_set_blocking($this->stream, false);
        // False: nothing to read. '' is the end; anything else, nobody has asked for.
        $isOpen = stream_socket_recvfrom($this->stream, 1, STREAM_PEEK) === false;
        stream_set_blocking($this->stream, true);
        return $isOpen;
    }

    private function connect(int $deadline): ?Failure
    {
        $this->pid = getmypid();
        $flags = STREAM_CLIENT_CONNECT | ($this->isPersistent ? STREAM_CLIENT_PERSISTENT : 0);
        $context = stream_context_create(['socket' => ['tcp_nodelay' => true]]);
        do {
            $left = max(1, $deadline - hrtime(true)) / 1e9;
            $stream = stream_socket_client($this->address, $code, $text, $left, $flags, $context);
            if ($stream !== false && stream_get_meta_data($stream)['blocked']) {
                $this->stream = $stream;
                ++$this->generation;
                $this->reconnects += (int) $this->wasLost;
                $this->wasLost = false;
                return null;
            }
            if ($stream !== false) {
                fclose($stream);
            } elseif ($code === self::EAGAIN) {
                usleep(self::AGAIN_US);
            } else {
                break;
            }
        } while (hrtime(true) < $deadline);
        return new Failure(Reason::Unreachable, "$this->address: no connection" . ($text === '' ? '' : " ($text)")
            . '; is the daemon running, is this its SOCKET, and may this user write to it?');
    }

    private function push(string $bytes, int $deadline): ?Failure
    {
        $length = strlen($bytes);
        for ($at = 0; $at < $length; $at += $taken) {
            $piece = $length <= self::PIECE_BYTES && $at === 0 ? $bytes : substr($bytes, $at, self::PIECE_BYTES);
            $taken = fwrite($this->stream, $piece);
            if ($taken === false) {
                return $this->closed();
            }
            $this->written = $at + $taken;
            if ($taken < strlen($piece) && !$this->isReady(false, $deadline)) {
                return new Failure(Reason::Timeout, "$this->address: the daemon does not read; " . ($length - $this->written)
                    . " of $length bytes were left when the time was over");
            }
        }
        return null;
    }

    private function pull(int $length, int $deadline): string|Failure
    {
        for ($bytes = ''; strlen($bytes) < $length; $bytes .= $more) {
            if (!$this->isReady(true, $deadline)) {
                return new Failure(Reason::Timeout, "$this->address: no answer to a sync in time");
            }
            $more = fread($this->stream, $length - strlen($bytes));
            if ($more === false || ($more === '' && feof($this->stream))) {
                return $this->closed();
            }
        }
        return $bytes;
    }

    private function closed(): Failure
    {
        return new Failure(Reason::Closed, "$this->address: the daemon has closed the connection");
    }

    /** Waits until the stream can be read, or written to. False: not by the deadline. */
    private function isReady(bool $toRead, int $deadline): bool
    {
        while (($leftUs = intdiv($deadline - hrtime(true), 1000)) > 0) {
            $read = $toRead ? [$this->stream] : null;
            $write = $toRead ? null : [$this->stream];
            $except = null;
            $ready = stream_select($read, $write, $except, intdiv($leftUs, 1000000), $leftUs % 1000000);
            if ($ready > 0) {
                return true;
            }
            if ($ready === false) {
                // A signal, or a descriptor that select does not take: look again soon, without spinning.
                usleep(self::AGAIN_US);
                return true;
            }
        }
        return false;
    }

    /**
     * Keeps PHP's warnings from error handlers that make exceptions of them.
     *
     * @template T
     * @param Closure(): T $do
     * @return T
     */
    private static function quietly(Closure $do): mixed
    {
        set_error_handler(static fn (): bool => true);
        try {
            return $do();
        } finally {
            restore_error_handler();
        }
    }
}
