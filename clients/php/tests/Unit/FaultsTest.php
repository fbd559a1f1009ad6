<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use ErrorException;
use Kahets\Reason;
use Kahets\Tests\Support\FakeDaemon;
use Kahets\Tests\Support\SocketTestCase;

/** Whatever the daemon does: a value is returned, in time, what was not sent is with the fallback, and no frame is left half. */
final class FaultsTest extends SocketTestCase
{
    private const NOBODY = 65534;
    /** What a loaded machine may add to a limit. */
    private const SLACK_MS = 400;

    protected function setUp(): void
    {
        parent::setUp();
        // As frameworks do that make exceptions of warnings, even where they are silenced.
        set_error_handler(static fn (int $level, string $text) => throw new ErrorException($text));
    }

    protected function tearDown(): void
    {
        restore_error_handler();
        parent::tearDown();
    }

    /** @return list<string> what is enough to tell long messages apart */
    private static function heads(array $messages): array
    {
        return array_map(static fn (string $each): string => "$each[0], " . strlen($each), $messages);
    }

    /**
     * Calls `$do`, and `$handler` within it every 50 ms.
     *
     * @param callable(): mixed $handler
     * @param callable(): mixed $do
     */
    private static function whenInterrupted(callable $handler, callable $do): void
    {
        pcntl_async_signals(true);
        pcntl_signal(SIGUSR1, $handler);
        $script = 'while sleep 0.05; do kill -USR1 ' . getmypid() . '; done';
        $interrupter = proc_open(['sh', '-c', $script], [], $pipes);
        try {
            $do();
        } finally {
            pcntl_signal(SIGUSR1, SIG_IGN);
            proc_terminate($interrupter, SIGKILL);
            proc_close($interrupter);
            pcntl_async_signals(false);
            pcntl_signal(SIGUSR1, SIG_DFL);
        }
    }

    public function testDaemonIsAbsent(): void
    {
        $producer = $this->producer(bufferBytes: 0);
        self::assertFalse($producer->send('b', 'm'));
        self::assertSame(Reason::Unreachable, $producer->lastError()?->reason);
        self::assertSame(
            "unix://$this->socket: no connection (No such file or directory); "
            . 'is the daemon running, is this its SOCKET, and may this user write to it?',
            $producer->lastError()->message,
        );
        self::assertSame(['m'], $this->fallenBack());
        self::assertSame(1, $producer->counters()->failed);
    }

    public function testDaemonHasDied(): void
    {
        fclose($this->listen());
        $producer = $this->producer(bufferBytes: 0);
        self::assertFalse($producer->send('b', 'm'));
        self::assertStringContainsString('Connection refused', $producer->lastError()->message);
        self::assertSame(['m'], $this->fallenBack());
    }

    public function testNoPermission(): void
    {
        if (posix_geteuid() !== 0) {
            self::markTestSkipped('Only root can be another user.');
        }
        $server = $this->listen();
        chmod($this->socket, 0600);
        $producer = $this->producer(bufferBytes: 0);
        posix_seteuid(self::NOBODY);
        try {
            self::assertFalse($producer->send('b', 'm'));
        } finally {
            posix_seteuid(0);
        }
        self::assertSame(Reason::Unreachable, $producer->lastError()?->reason);
        self::assertStringContainsString('Permission denied', $producer->lastError()->message);
        self::assertFalse(self::accepts($server));
        self::assertSame(['m'], $this->fallenBack());
    }

    public function testDaemonNeverAccepts(): void
    {
        $server = $this->listen(1);
        $waiting = [stream_socket_client("unix://$this->socket"), stream_socket_client("unix://$this->socket")];
        self::assertCount(2, array_filter($waiting));
        $producer = $this->producer(bufferBytes: 0);
        $ms = self::msOf(fn () => self::assertFalse($producer->send('b', 'm')));
        self::assertGreaterThanOrEqual(50, $ms);
        self::assertLessThan(50 + self::SLACK_MS, $ms);
        self::assertSame(Reason::Unreachable, $producer->lastError()?->reason);
        self::assertSame(['m'], $this->fallenBack());
        self::assertTrue(self::accepts($server));
    }

    public function testDaemonAcceptsWithinTheTime(): void
    {
        $server = $this->listen(1);
        $waiting = [stream_socket_client("unix://$this->socket"), stream_socket_client("unix://$this->socket")];
        $producer = $this->producer(bufferBytes: 0, connectTimeoutMs: 5000, timeoutMs: 5000);
        $accept = static fn () => stream_socket_accept($server);
        self::whenInterrupted($accept, fn () => self::assertTrue($producer->send('b', 'm')));
        self::assertSame([], $this->unsent);
        self::assertCount(2, $waiting);
    }

    public function testDaemonNeverReads(): void
    {
        $server = $this->listen();
        $producer = $this->producer(bufferBytes: 0);
        self::assertTrue($producer->send('b', 'small'));
        $connection = self::accept($server);
        $large = str_repeat('m', 1 << 20);
        $ms = self::msOf(fn () => self::assertFalse($producer->send('b', $large)));
        self::assertGreaterThanOrEqual(100, $ms);
        self::assertLessThan(100 + self::SLACK_MS, $ms);
        self::assertSame(Reason::Timeout, $producer->lastError()?->reason);
        self::assertSame(self::heads([$large]), self::heads($this->fallenBack()));
        self::assertSame([1, 1], [$producer->counters()->sent, $producer->counters()->failed]);

        // The half frame is the last of its connection.
        $received = stream_get_contents($connection);
        self::assertTrue(feof($connection));
        self::assertSame(['small'], FakeDaemon::messagesIn($received));
        self::assertSame($producer->counters()->bytes, strlen($received));
    }

    public function testATimeOfManyMessagesCountsThoseThatWentOutWhole(): void
    {
        $server = $this->listen();
        $producer = $this->producer(bufferBytes: 1 << 20);
        for ($i = 0; $i < 9; ++$i) {
            $producer->send('b', $i . str_repeat('m', 100000));
        }
        self::assertFalse($producer->flush());
        $received = FakeDaemon::messagesIn(stream_get_contents(self::accept($server)));
        self::assertGreaterThan(0, count($received));
        self::assertSame(9, count($received) + count($this->fallenBack()));
        $heads = self::heads([...$received, ...$this->fallenBack()]);
        self::assertSame(array_map(static fn (int $i): string => "$i, 100001", range(0, 8)), $heads);
        self::assertSame(count($received), $producer->counters()->sent);
        self::assertSame(count($this->fallenBack()), $producer->counters()->failed);
    }

    public function testAfterATimeThatWasLostItDoesNotTryForTenTimesAsLong(): void
    {
        $server = $this->listen();
        $producer = $this->producer(bufferBytes: 0, timeoutMs: 30);
        $producer->send('b', str_repeat('m', 1 << 20));
        self::assertSame(Reason::Timeout, $producer->lastError()?->reason);
        $began = hrtime(true);
        for ($tries = 0; !$producer->send('b', 'm'); ++$tries) {
            self::assertSame(Reason::Paused, $producer->lastError()?->reason);
            self::assertLessThan(20e9, hrtime(true) - $began);
            usleep(1000);
        }
        $pausedMs = (hrtime(true) - $began) / 1e6;
        self::assertGreaterThan(9 * 30, $pausedMs);
        self::assertSame($tries + 1, $producer->counters()->failed);
        self::assertStringContainsString('does not read', $this->unsent[1]->failure->message);
        self::assertSame(1, $producer->counters()->reconnects);
        self::assertTrue(self::accepts($server));
    }

    public function testDaemonReadsSlowly(): void
    {
        $daemon = $this->daemon(['pieceBytes' => 32768]);
        $producer = $this->producer(bufferBytes: 1 << 20, timeoutMs: 10000);
        $messages = array_map(static fn (int $i): string => $i . str_repeat('m', 90000), range(0, 9));
        array_map(static fn (string $each): bool => $producer->send('b', $each), $messages);
        self::assertTrue($producer->flush());
        unset($producer);
        self::assertSame(self::heads($messages), self::heads(FakeDaemon::messagesIn(implode($daemon->end()))));
        self::assertSame([], $this->unsent);
    }

    public function testDaemonHasClosedBetweenWrites(): void
    {
        $server = $this->listen();
        $producer = $this->producer(bufferBytes: 0);
        $producer->send('b', 'one');
        fclose(self::accept($server));
        self::assertTrue($producer->send('b', 'two'));
        self::assertSame(['two'], FakeDaemon::messagesIn(fread(self::accept($server), 65536)));
        self::assertSame(1, $producer->counters()->reconnects);
        self::assertSame([], $this->unsent);
    }

    public function testDaemonHasResetBetweenWrites(): void
    {
        $server = $this->listen();
        $producer = $this->producer(bufferBytes: 0);
        $producer->send('b', 'one');
        $connection = stream_socket_accept($server);
        // Closed with something unread: a reset, not an end.
        fclose($connection);
        self::assertTrue($producer->send('b', 'two'));
        self::assertSame(['two'], FakeDaemon::messagesIn(fread(self::accept($server), 65536)));
    }

    public function testDaemonHasClosedBetweenWritesOverTcp(): void
    {
        // There, unlike on a UNIX socket, the write after a close still succeeds, into nowhere.
        $server = stream_socket_server('tcp://127.0.0.1:0');
        $producer = $this->producer(bufferBytes: 0, socket: 'tcp://' . stream_socket_get_name($server, false));
        self::assertTrue($producer->send('b', 'one'));
        $first = self::accept($server);
        stream_set_blocking($first, true);
        self::assertSame(['one'], FakeDaemon::messagesIn(fread($first, 65536)));
        fclose($first);
        self::assertTrue($producer->send('b', 'two'));
        $second = self::accept($server);
        stream_set_blocking($second, true);
        self::assertSame(['two'], FakeDaemon::messagesIn(fread($second, 65536)));
        self::assertSame(1, $producer->counters()->reconnects);
    }

    public function testDaemonNeverReadsOverTcp(): void
    {
        $server = stream_socket_server('tcp://127.0.0.1:0');
        $producer = $this->producer(bufferBytes: 0, socket: 'tcp://' . stream_socket_get_name($server, false));
        // More than the system keeps of a connection, at most.
        $large = str_repeat('m', 8000000);
        $ms = self::msOf(fn () => self::assertFalse($producer->send('b', $large)));
        self::assertLessThan(100 + self::SLACK_MS, $ms);
        self::assertSame(Reason::Timeout, $producer->lastError()?->reason);
        $connection = stream_socket_accept($server);
        self::assertSame([], FakeDaemon::messagesIn(stream_get_contents($connection)));
        self::assertTrue(feof($connection));
    }

    public function testDaemonNeverAcceptsOverTcp(): void
    {
        $context = stream_context_create(['socket' => ['backlog' => 1]]);
        $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
        $server = stream_socket_server('tcp://127.0.0.1:0', $code, $text, $flags, $context);
        $address = 'tcp://' . stream_socket_get_name($server, false);
        $flags = STREAM_CLIENT_CONNECT | STREAM_CLIENT_ASYNC_CONNECT;
        $connect = static fn () => stream_socket_client($address, $code, $text, 5, $flags);
        // Two are in the queue; to the others nobody answers.
        $waiting = array_map($connect, range(1, 4));
        $producer = $this->producer(bufferBytes: 0, socket: $address);
        $ms = self::msOf(fn () => self::assertFalse($producer->send('b', 'm')));
        self::assertLessThan(50 + self::SLACK_MS, $ms);
        self::assertSame(Reason::Unreachable, $producer->lastError()?->reason);
        self::assertSame(['m'], $this->fallenBack());
        self::assertCount(4, $waiting);
    }

    /** @return iterable<string, array{int}> */
    public function places(): iterable
    {
        yield 'in the first length' => [2];
        yield 'in the first message' => [100];
        yield 'between messages' => [100008];
        yield 'in a later message' => [450000];
    }

    /** @dataProvider places */
    public function testDaemonClosesInMidWrite(int $bytes): void
    {
        $daemon = $this->daemon(['closeAfter' => $bytes]);
        $producer = $this->producer(bufferBytes: 1 << 20, timeoutMs: 5000);
        $messages = array_map(static fn (int $i): string => $i . str_repeat('m', 100000), range(0, 8));
        array_map(static fn (string $each): bool => $producer->send('b', $each), $messages);
        self::assertTrue($producer->flush());
        self::assertSame(1, $producer->counters()->reconnects);
        self::assertSame(9, $producer->counters()->sent);
        unset($producer);
        [$first, $second] = $daemon->end();
        self::assertSame($bytes, strlen($first));
        // What lay whole in the socket when it was closed is lost unless a sync is asked for; all after it is there, in order.
        $again = FakeDaemon::messagesIn($second);
        self::assertSame(self::heads(array_slice($messages, 9 - count($again))), self::heads($again));
        self::assertGreaterThan(0, count($again));
    }

    public function testDaemonHangsUpEachTime(): void
    {
        $server = $this->listen();
        $producer = $this->producer(bufferBytes: 1 << 20, timeoutMs: 5000);
        $producer->send('b', str_repeat('m', 900000));
        // Each time in the middle of the frame.
        $hangUp = static fn () => fclose(stream_socket_accept($server));
        self::whenInterrupted($hangUp, fn () => self::assertFalse($producer->flush()));
        self::assertSame(Reason::Closed, $producer->lastError()?->reason);
        self::assertCount(1, $this->fallenBack());
    }

    public function testASignalHandlerSendsInMidWriteThroughAnotherProducer(): void
    {
        $server = $this->listen();
        $producer = $this->producer(bufferBytes: 1 << 20, timeoutMs: 5000);
        $other = $this->producer(bufferBytes: 0, timeoutMs: 5000);
        $producer->send('b', str_repeat('m', 900000));
        $half = $whole = null;
        $received = '';
        $handler = static function () use ($server, $other, &$half, &$whole, &$received): void {
            if ($half === null) {
                $half = self::accept($server);
                self::assertTrue($other->send('b', 'in between'));
                $whole = self::accept($server);
            }
            $received .= stream_get_contents($whole);
        };
        self::whenInterrupted($handler, fn () => self::assertTrue($producer->flush()));
        $received .= stream_get_contents($whole);
        self::assertSame([10, 900000], array_map(strlen(...), FakeDaemon::messagesIn($received)));
        self::assertSame([], FakeDaemon::messagesIn(stream_get_contents($half)));
        self::assertTrue(feof($half));
    }

    public function testASignalHandlerThrowsInMidWrite(): void
    {
        $server = $this->listen();
        $producer = $this->producer(bufferBytes: 1 << 20, timeoutMs: 300);
        $large = str_repeat('m', 900000);
        $producer->send('b', $large);
        try {
            self::whenInterrupted(static fn () => throw new ErrorException('enough'), $producer->flush(...));
            self::fail('expected what the handler has thrown');
        } catch (ErrorException $thrown) {
            self::assertSame('enough', $thrown->getMessage());
        }
        $half = self::accept($server);
        self::assertSame([], FakeDaemon::messagesIn(stream_get_contents($half)));
        self::assertTrue(feof($half));
        // It is still to be sent.
        self::assertSame(1, $producer->counters()->buffered);
        self::assertFalse($producer->flush());
        self::assertSame(self::heads([$large]), self::heads($this->fallenBack()));
    }
}
