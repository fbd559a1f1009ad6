<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use Kahets\FileFallback;
use Kahets\Tests\Support\FakeDaemon;
use Kahets\Tests\Support\NotingLogger;
use Kahets\Tests\Support\SocketTestCase;
use Kahets\Tests\Support\ThrowingLogger;
use Kahets\Unsent;
use Psr\Log\AbstractLogger;
use RuntimeException;

/** What logger and fallback are told, and that neither can do harm. */
final class ReportTest extends SocketTestCase
{
    protected function setUp(): void
    {
        if (!class_exists(AbstractLogger::class)) {
            self::markTestSkipped('psr/log is not installed (php-psr-log).');
        }
        parent::setUp();
    }

    public function testLogsTheBeginningAndTheEndOfAnOutage(): void
    {
        $logger = new NotingLogger();
        $producer = $this->producer(bufferBytes: 0, logger: $logger);
        for ($i = 0; $i < 5; ++$i) {
            $producer->send('b', 'm');
        }
        $server = $this->listen();
        do {
            $isSent = $producer->send('b', 'm');
        } while (!$isSent);
        $producer->send('b', 'm');
        self::assertTrue(self::accepts($server));
        [[$level, $line, $context], $end] = $logger->lines;
        self::assertSame(['warning', ['reason' => 'unreachable', 'messages' => 1]], [$level, $context]);
        self::assertStringStartsWith("kahets: messages are not sent: unix://$this->socket: no connection", $line);
        self::assertSame(['info', 'kahets: messages are sent again', []], $end);
        self::assertCount(2, $logger->lines);
    }

    public function testLogsEachRefusedMessageAndNothingOfWhatItHolds(): void
    {
        $logger = new NotingLogger();
        $producer = $this->producer(logger: $logger);
        $producer->send('', 'secret');
        $producer->send("\xff", 'secret', 'secret');
        self::assertSame(['error', 'error'], array_column($logger->lines, 0));
        self::assertSame(
            'kahets: a message was refused: bucket: expected UTF-8, got 1 bytes of something else',
            $logger->lines[1][1],
        );
        self::assertStringNotContainsString('secret', json_encode($logger->lines));
    }

    public function testALoggerThatSendsItsLinesThroughTheProducerDoesNotGoRound(): void
    {
        $logger = new NotingLogger();
        $producer = $this->producer(bufferBytes: 0, logger: $logger);
        $logger->also = static fn () => $producer->send('logs', 'a line') && $producer->send('', 'a bad line');
        self::assertFalse($producer->send('', 'm'));
        self::assertCount(1, $logger->lines);
        self::assertFalse($producer->send('b', 'm'));
        self::assertLessThan(6, count($logger->lines));
        self::assertContains('a line', $this->fallenBack());
        $logger->also = null;
        $server = $this->listen();
        do {
            $isSent = $producer->send('b', 'last');
        } while (!$isSent);
        self::assertContains('last', FakeDaemon::messagesIn(fread(self::accept($server), 65536)));
    }

    public function testAFallbackAndALoggerThatThrow(): void
    {
        $fallback = static fn () => throw new RuntimeException('no room');
        $producer = $this->producer(bufferBytes: 0, fallback: $fallback, logger: new ThrowingLogger());
        self::assertFalse($producer->send('b', 'm'));
        self::assertFalse($producer->send('', 'm'));
        self::assertSame(2, $producer->counters()->failed);

        $logger = new NotingLogger();
        $producer = $this->producer(bufferBytes: 0, fallback: $fallback, logger: $logger);
        self::assertFalse($producer->send('b', 'm'));
        self::assertSame('kahets: the fallback failed: no room', $logger->lines[1][1]);
    }

    public function testAFileTakesWhatIsNotSentAsFramesToReplay(): void
    {
        $file = "$this->folder/unsent.frames";
        $producer = $this->producer(fallback: new FileFallback($file));
        $producer->send('b', 'one');
        $producer->send('b', 'two', null, ['h' => 'v']);
        self::assertFalse($producer->flush());
        $producer->send('', 'refused');
        $producer->send('b', 'three');
        self::assertFalse($producer->flush());
        self::assertSame(['one', 'two', 'three'], FakeDaemon::messagesIn(file_get_contents($file)));
    }

    public function testAFileIsNotLongerThanItMayBeAndHasNoHalfFrame(): void
    {
        $logger = new NotingLogger();
        $file = "$this->folder/unsent.frames";
        $producer = $this->producer(bufferBytes: 0, logger: $logger, fallback: new FileFallback($file, 20));
        foreach (['one', 'two', 'three'] as $message) {
            $producer->send('b', $message);
        }
        self::assertSame(['one', 'two'], FakeDaemon::messagesIn(file_get_contents($file)));
        self::assertSame(20, filesize($file));
        self::assertSame("kahets: the fallback failed: $file: expected at most 20 bytes; they are reached", $logger->lines[1][1]);
    }

    public function testAFileThatCannotBeOpenedLockedOrWritten(): void
    {
        $unsent = function (): Unsent {
            $producer = $this->producer();
            $producer->send('b', 'm');
            $producer->flush();
            return end($this->unsent);
        };
        $why = static function (string $path) use ($unsent): string {
            try {
                (new FileFallback($path))($unsent());
                return 'written';
            } catch (RuntimeException $thrown) {
                return $thrown->getMessage();
            }
        };
        self::assertSame("$this->folder: cannot be opened for appending", $why($this->folder));
        self::assertSame('/dev/full: cannot be written; is the disk full?', $why('/dev/full'));
        $held = fopen("$this->folder/held", 'a');
        flock($held, LOCK_EX);
        self::assertSame("$this->folder/held: is locked by another process", $why("$this->folder/held"));
        flock($held, LOCK_UN);
        self::assertSame('written', $why("$this->folder/held"));
    }
}
