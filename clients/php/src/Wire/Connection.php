<?php

declare(strict_types=1);

namespace Kahets\Wire;

use Kahets\Failure;
use Kahets\Reason;

/**
 * The socket. Every call ends by its deadline (in ns of `hrtime`) and reports by what it returns; PHP's warnings, its caller
 * silences.
 *
 * Functions of PHP have a backslash before them where each request calls them: so they are found when the file is compiled.
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
    private int $pid = 0;
    private int $generation = 0;
    private int $reconnects = 0;

    private function __construct(private readonly string $address, private readonly bool $isPersistent)
    {
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

    /** Makes sure that there is a connection which nobody has closed. */
    public function open(int $deadline): ?Failure
    {
        if ($this->stream !== null && !$this->isUsable()) {
            $this->close();
        }
        return $this->stream === null ? $this->connect($deadline) : null;
    }

    /**
     * Writes to the open connection, which is closed when it did not take all.
     *
     * @param int $written how many bytes it has taken
     */
    public function write(string $bytes, int $deadline, int &$written): ?Failure
    {
        $this->begin();
        try {
            return $this->push($bytes, $deadline, $written) ?? $this->settle();
        } finally {
            $this->closeIfBusy();
        }
    }

    /** Writes to the open connection and reads so many bytes; it is closed when they do not come. */
    public function ask(string $question, int $answerBytes, int $deadline): string|Failure
    {
        $this->begin();
        try {
            $answer = $this->push($question, $deadline, $written) ?? $this->pull($answerBytes, $deadline);
            return $answer instanceof Failure ? $answer : $this->settle() ?? $answer;
        } finally {
            $this->closeIfBusy();
        }
    }

    /** Gives the connection up, as one that is lost. */
    public function close(): void
    {
        if (\is_resource($this->stream)) {
            \fclose($this->stream);
        }
        $this->stream = null;
        $this->isBusy = false;
        $this->wasLost = true;
    }

    private function begin(): void
    {
        \stream_set_blocking($this->stream, false);
        $this->isBusy = true;
    }

    /** What was begun is whole. */
    private function settle(): ?Failure
    {
        \stream_set_blocking($this->stream, true);
        $this->isBusy = false;
        return null;
    }

    /** Also where a signal handler of the application has thrown in the middle of it. */
    private function closeIfBusy(): void
    {
        if ($this->isBusy) {
            $this->close();
        }
    }

    /** False where another process, a producer that was interrupted, or the daemon has made an end of it. */
    private function isUsable(): bool
    {
        if (!\is_resource($this->stream) || $this->isBusy || $this->pid !== \getmypid()) {
            return false;
        }
        \stream_set_blocking($this->stream, false);
        // False: nothing to read. '' is the end; anything else, nobody has asked for.
        $isOpen = \stream_socket_recvfrom($this->stream, 1, STREAM_PEEK) === false;
        \stream_set_blocking($this->stream, true);
        return $isOpen;
    }

    private function connect(int $deadline): ?Failure
    {
        $this->pid = \getmypid();
        $flags = STREAM_CLIENT_CONNECT | ($this->isPersistent ? STREAM_CLIENT_PERSISTENT : 0);
        $context = $this->address[0] === 't' ? \stream_context_create(['socket' => ['tcp_nodelay' => true]]) : null;
        do {
            $left = \max(1, $deadline - \hrtime(true)) / 1e9;
            $stream = \stream_socket_client($this->address, $code, $text, $left, $flags, $context);
            if ($stream !== false && \stream_get_meta_data($stream)['blocked']) {
                $this->stream = $stream;
                ++$this->generation;
                $this->reconnects += (int) $this->wasLost;
                $this->wasLost = false;
                return null;
            }
            if ($stream !== false) {
                \fclose($stream);
            } elseif ($code === self::EAGAIN) {
                \usleep(self::AGAIN_US);
            } else {
                break;
            }
        } while (\hrtime(true) < $deadline);
        return new Failure(Reason::Unreachable, "$this->address: no connection" . ($text === '' ? '' : " ($text)")
            . '; is the daemon running, is this its SOCKET, and may this user write to it?');
    }

    private function push(string $bytes, int $deadline, ?int &$written): ?Failure
    {
        $written = 0;
        $stream = $this->stream;
        $length = \strlen($bytes);
        while ($written < $length) {
            $piece = $length <= self::PIECE_BYTES && $written === 0 ? $bytes : \substr($bytes, $written, self::PIECE_BYTES);
            // A signal handler may have sent something else in between: over another stream, since this one was busy.
            $taken = $this->stream === $stream ? \fwrite($stream, $piece) : false;
            if ($taken === false) {
                return $this->closed();
            }
            $written += $taken;
            if ($taken < \strlen($piece) && !self::isReady($stream, false, $deadline)) {
                return new Failure(Reason::Timeout, "$this->address: the daemon does not read; " . ($length - $written)
                    . " of $length bytes were left when the time was over");
            }
        }
        return null;
    }

    private function pull(int $length, int $deadline): string|Failure
    {
        $stream = $this->stream;
        for ($bytes = ''; \strlen($bytes) < $length; $bytes .= $more) {
            if (!self::isReady($stream, true, $deadline)) {
                return new Failure(Reason::Timeout, "$this->address: no answer to a sync in time");
            }
            $more = $this->stream === $stream ? \fread($stream, $length - \strlen($bytes)) : false;
            if ($more === false || ($more === '' && \feof($stream))) {
                return $this->closed();
            }
        }
        return $bytes;
    }

    private function closed(): Failure
    {
        return new Failure(Reason::Closed, "$this->address: the daemon has closed the connection");
    }

    /**
     * Waits until the stream can be read, or written to. False: not by the deadline.
     *
     * @param resource $stream
     */
    private static function isReady($stream, bool $toRead, int $deadline): bool
    {
        while (($leftUs = \intdiv($deadline - \hrtime(true), 1000)) > 0) {
            $read = $toRead ? [$stream] : null;
            $write = $toRead ? null : [$stream];
            $except = null;
            $ready = \stream_select($read, $write, $except, \intdiv($leftUs, 1000000), $leftUs % 1000000);
            if ($ready > 0) {
                return true;
            }
            if ($ready === false) {
                // A signal, or a descriptor that select does not take: look again soon, without spinning.
                \usleep(self::AGAIN_US);
                return true;
            }
        }
        return false;
    }
}
