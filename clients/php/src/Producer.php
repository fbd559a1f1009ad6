<?php

declare(strict_types=1);

namespace Kahets;

use Kahets\Wire\Connection;
use Kahets\Wire\Encoder;
use Kahets\Wire\Frames;
use Kahets\Wire\Sync;
use WeakMap;

/**
 * Sends messages to the daemon's socket, buffered until the end of the request unless told otherwise.
 *
 * After an attempt that failed none is made for ten times as long as it took: a daemon that hangs costs a tenth of the time.
 */
final class Producer implements ProducerInterface
{
    private const PAUSE_FACTOR = 10;

    /** @var WeakMap<self, true>|null those that the end of the request flushes */
    private static ?WeakMap $alive = null;
    private static int $questions = 0;

    private readonly Encoder $encoder;
    private readonly Connection $connection;
    private int $pid;

    private string $buffer = '';
    private int $buffered = 0;
    private int $bufferLimit;
    private int $flushAtNs = 0;

    private int $sent = 0;
    private int $failed = 0;
    private int $bytes = 0;
    private int $reconnectsBefore;
    private ?Failure $lastError = null;

    /** While bytes are written or the application's own code is called: what is sent then waits in the buffer. */
    private bool $isBusy = false;
    private int $pausedUntilNs = 0;
    /** Null until there is something to tell. */
    private ?Reporter $reporter = null;

    /** The connection that has taken messages since the last sync. */
    private ?int $since = null;
    /** The worst that this side knows of them. */
    private ?SyncStatus $known = null;

    public function __construct(private readonly Options $options = new Options())
    {
        $this->encoder = new Encoder($options->maxFrameBytes);
        $this->connection = Connection::to($options->address, $options->persistent);
        $this->reconnectsBefore = $this->connection->reconnects();
        $this->bufferLimit = $options->bufferBytes;
        $this->pid = \getmypid();
        if (self::$alive === null) {
            self::$alive = new WeakMap();
            \register_shutdown_function(self::endOfRequest(...));
        }
        self::$alive[$this] = true;
    }

    public function __destruct()
    {
        $this->flush();
    }

    public function send(
        string $bucket,
        ?string $message,
        ?string $key = '',
        array $headers = [],
        ?int $timestampMs = null,
        ?int $partition = null,
    ): bool {
        if ($this->pid !== \getmypid()) {
            $this->startAnew();
        }
        $this->lastError = null;
        $frame = $this->encoder->encode($bucket, $message, $key, $headers, $timestampMs, $partition);
        if ($frame instanceof Failure) {
            return $this->refuse($frame, new Message($bucket, $message, $key, $headers, $timestampMs, $partition));
        }
        $now = \hrtime(true);
        if ($this->buffered === 0) {
            $this->flushAtNs = $now + $this->options->flushAfterMs * 1000000;
        }
        $this->buffer .= $frame;
        ++$this->buffered;
        return $this->isBusy
            || (\strlen($this->buffer) < $this->bufferLimit && $now < $this->flushAtNs)
            || $this->flush();
    }

    public function flush(): bool
    {
        return $this->flushWithin($this->options->timeoutMs);
    }

    public function sync(int $timeoutMs = 1000): Synced
    {
        $deadline = \hrtime(true) + $timeoutMs * 1000000;
        $isFlushed = $this->flushWithin(\min($timeoutMs, $this->options->timeoutMs));
        if ($this->isBusy) {
            return new Synced(SyncStatus::Unknown);
        }
        $answer = $isFlushed ? $this->ask($deadline) : $this->lastError;
        $known = $this->known;
        $this->known = $this->since = null;
        if ($answer instanceof Synced) {
            return $known === null ? $answer : new Synced($known, $answer->messages);
        }
        $this->lastError = $answer;
        return new Synced($known ?? SyncStatus::Unknown);
    }

    public function lastError(): ?Failure
    {
        return $this->lastError;
    }

    public function counters(): Counters
    {
        $reconnects = $this->connection->reconnects() - $this->reconnectsBefore;
        return new Counters($this->sent, $this->failed, $this->buffered, $this->bytes, $reconnects);
    }

    /** Also for what is sent later, by destructors and other functions of the shutdown: it goes out at once. */
    private static function endOfRequest(): void
    {
        foreach (self::$alive ?? [] as $producer => $_) {
            // `exit` in a signal handler leaves what was under way as it was.
            $producer->isBusy = false;
            $producer->bufferLimit = 0;
            $producer->flush();
        }
    }

    /** In a child process: what the parent has buffered, the parent sends. */
    private function startAnew(): void
    {
        $this->pid = \getmypid();
        $this->buffer = '';
        $this->buffered = $this->sent = $this->failed = $this->bytes = $this->pausedUntilNs = 0;
        $this->reconnectsBefore = $this->connection->reconnects();
        $this->isBusy = false;
        $this->since = $this->known = null;
        $this->reporter = null;
    }

    private function flushWithin(int $timeoutMs): bool
    {
        if ($this->pid !== \getmypid()) {
            $this->startAnew();
        }
        $this->lastError = null;
        if ($this->buffered === 0 || $this->isBusy) {
            return true;
        }
        $this->isBusy = true;
        try {
            $failure = $this->transmit($timeoutMs);
            $failure === null ? $this->reporter?->sent() : $this->reporter()->lost($this->takeBuffer($failure));
        } finally {
            $this->isBusy = false;
        }
        $this->lastError = $failure;
        return $failure === null;
    }

    /** Writes the buffer; what could not be written as a whole stays in it. */
    private function transmit(int $timeoutMs): ?Failure
    {
        $began = \hrtime(true);
        if ($began < $this->pausedUntilNs) {
            return new Failure(Reason::Paused, 'not tried again so soon after: ' . $this->reporter()->outage()?->message);
        }
        $deadline = $began + $timeoutMs * 1000000;
        self::silence();
        try {
            $failure = $this->attempt($deadline);
            // The name of an enum loads its file.
            if ($failure !== null && $failure->reason === Reason::Closed) {
                $failure = $this->attempt($deadline);
            }
        } finally {
            \restore_error_handler();
        }
        $now = \hrtime(true);
        $this->pausedUntilNs = $failure === null ? 0 : $now + self::PAUSE_FACTOR * ($now - $began);
        return $failure;
    }

    private function attempt(int $deadline): ?Failure
    {
        $failure = $this->open($deadline);
        if ($failure !== null) {
            return $failure;
        }
        $this->since = $this->connection->generation();
        $written = 0;
        $failure = $this->connection->write($this->buffer, $deadline, $written);
        // A signal handler may have sent more in between.
        [$count, $end] = $written === \strlen($this->buffer)
            ? [$this->buffered, $written]
            : Frames::whole($this->buffer, $written);
        $this->bytes += $written;
        $this->sent += $count;
        $this->buffered -= $count;
        $this->buffer = \substr($this->buffer, $end);
        return $failure;
    }

    private function open(int $deadline): ?Failure
    {
        $failure = $this->connection->open(\min($deadline, \hrtime(true) + $this->options->connectTimeoutMs * 1000000));
        if ($this->since !== null && $this->since !== $this->connection->generation()) {
            // What went over the connection before this one, no answer will speak of.
            $this->known = SyncStatus::Unknown;
        }
        return $failure;
    }

    private function ask(int $deadline): Synced|Failure
    {
        $token = ($this->pid << 16 ^ ++self::$questions) & 0xffffffff;
        self::silence();
        try {
            $answer = $this->open($deadline)
                ?? $this->connection->ask(Sync::question($token), Sync::ANSWER_BYTES, $deadline);
        } finally {
            \restore_error_handler();
        }
        if ($answer instanceof Failure) {
            return $answer;
        }
        $synced = Sync::answer($answer, $token);
        if ($synced === null) {
            $this->connection->close();
        }
        return $synced ?? new Failure(Reason::Closed, 'the daemon has sent something that is no answer to a sync');
    }

    /** Keeps PHP's warnings from error handlers that make exceptions of them, until the handler is restored. */
    private static function silence(): void
    {
        \set_error_handler(static fn (): bool => true);
    }

    private function reporter(): Reporter
    {
        return $this->reporter ??= new Reporter($this->options);
    }

    /** Takes all that is left in the buffer, as not sent. */
    private function takeBuffer(Failure $failure): Unsent
    {
        $unsent = new Unsent($failure, $this->buffered, $this->buffer);
        $this->buffer = '';
        $this->buffered = 0;
        $this->failed += $unsent->count;
        $this->known ??= SyncStatus::NotSent;
        return $unsent;
    }

    private function refuse(Failure $failure, Message $message): bool
    {
        ++$this->failed;
        $this->known ??= SyncStatus::NotSent;
        // What logger and fallback send in here waits in the buffer, so that a refusal cannot cause the next one's write.
        [$wasBusy, $this->isBusy] = [$this->isBusy, true];
        try {
            $this->reporter()->refused(new Unsent($failure, 1, '', $message));
        } finally {
            $this->isBusy = $wasBusy;
        }
        $this->lastError = $failure;
        return false;
    }
}
