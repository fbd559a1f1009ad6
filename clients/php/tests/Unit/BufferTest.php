<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use Kahets\Counters;
use Kahets\Message;
use Kahets\Reason;
use Kahets\Tests\Support\FakeDaemon;
use Kahets\Tests\Support\SocketTestCase;

final class BufferTest extends SocketTestCase
{
    public function testConnectsToNobodyBeforeThereIsSomethingToWrite(): void
    {
        $server = $this->listen();
        $producer = $this->producer();
        self::assertTrue($producer->flush());
        self::assertTrue($producer->send('b', 'm'));
        self::assertFalse(self::accepts($server));
        self::assertEquals(new Counters(buffered: 1), $producer->counters());
    }

    public function testWritesAllThatWaitsAtOnce(): void
    {
        $server = $this->listen();
        $producer = $this->producer();
        $producer->send('b', 'one');
        $producer->send('b', 'two', 'key', ['trace' => 'x']);
        self::assertTrue($producer->flush());
        $received = stream_socket_recvfrom(self::accept($server), 65536);
        self::assertSame(['one', 'two'], FakeDaemon::messagesIn($received));
        self::assertEquals(new Counters(sent: 2, bytes: strlen($received)), $producer->counters());
    }

    public function testWritesWhenTheBufferIsFull(): void
    {
        $server = $this->listen();
        $producer = $this->producer(bufferBytes: 100);
        $producer->send('b', str_repeat('m', 92));
        self::assertSame(1, $producer->counters()->buffered);
        $producer->send('b', '');
        self::assertSame(0, $producer->counters()->buffered);
        self::assertSame(2, $producer->counters()->sent);
        self::assertCount(2, FakeDaemon::messagesIn(fread(self::accept($server), 65536)));
    }

    public function testWritesEachAtOnceWhereThereIsNoBuffer(): void
    {
        $server = $this->listen();
        $producer = $this->producer(bufferBytes: 0);
        $producer->send('b', 'one');
        $connection = self::accept($server);
        self::assertSame(['one'], FakeDaemon::messagesIn(fread($connection, 65536)));
        $producer->send('b', 'two');
        self::assertSame(['two'], FakeDaemon::messagesIn(fread($connection, 65536)));
    }

    public function testWritesWhenTheFirstMessageHasWaitedForLong(): void
    {
        $server = $this->listen();
        $producer = $this->producer(flushAfterMs: 5);
        $began = hrtime(true);
        for ($sent = 1; $producer->send('b', 'm') && $producer->counters()->sent === 0; ++$sent) {
            self::assertLessThan(5e9, hrtime(true) - $began);
        }
        self::assertGreaterThan(5e6, hrtime(true) - $began);
        self::assertSame($sent, $producer->counters()->sent);
    }

    public function testWritesWhenItIsNoLongerUsed(): void
    {
        $server = $this->listen();
        $producer = $this->producer();
        $producer->send('b', 'last');
        unset($producer);
        self::assertSame(['last'], FakeDaemon::messagesIn(fread(self::accept($server), 65536)));
    }

    public function testTakesAMessageLargerThanTheBufferAndTheSocket(): void
    {
        $daemon = $this->daemon();
        $producer = $this->producer(timeoutMs: 5000);
        $large = str_repeat('0123456789abcdef', 500000);
        self::assertTrue($producer->send('b', $large));
        unset($producer);
        self::assertSame([$large], FakeDaemon::messagesIn(implode($daemon->end())));
    }

    public function testSharesAPersistentConnectionAmongProducersOfAProcess(): void
    {
        $server = $this->listen();
        [$one, $other] = [$this->producer(), $this->producer()];
        $one->send('b', 'one');
        $other->send('b', 'other');
        self::assertTrue($one->flush() && $other->flush());
        self::assertSame(['one', 'other'], FakeDaemon::messagesIn(fread(self::accept($server), 65536)));
        self::assertFalse(self::accepts($server));
    }

    public function testHasAConnectionOfItsOwnWhereItIsNotPersistent(): void
    {
        $server = $this->listen();
        foreach ([1, 2] as $producer) {
            $producer = $this->producer(persistent: false);
            $producer->send('b', 'm');
            self::assertTrue($producer->flush());
            $connection = self::accept($server);
            unset($producer);
            self::assertSame(['m'], FakeDaemon::messagesIn(stream_get_contents($connection)));
            self::assertTrue(feof($connection));
        }
    }

    public function testRefusesOneMessageAndSendsTheOthers(): void
    {
        $server = $this->listen();
        $producer = $this->producer(maxFrameBytes: 1000);
        self::assertTrue($producer->send('b', 'good'));
        self::assertNull($producer->lastError());
        self::assertFalse($producer->send('', 'no bucket'));
        self::assertSame(Reason::Invalid, $producer->lastError()?->reason);
        self::assertFalse($producer->send('b', str_repeat('m', 1000)));
        self::assertSame(Reason::TooLarge, $producer->lastError()?->reason);
        self::assertTrue($producer->send('b', 'good too', null));
        self::assertNull($producer->lastError());
        self::assertTrue($producer->flush());

        self::assertSame(['good', 'good too'], FakeDaemon::messagesIn(fread(self::accept($server), 65536)));
        self::assertEquals([new Message('', 'no bucket')], $this->unsent[0]->messages());
        self::assertEquals([new Message('b', str_repeat('m', 1000))], $this->unsent[1]->messages());
        self::assertSame(['', ''], [$this->unsent[0]->frames, $this->unsent[1]->frames]);
        self::assertSame([2, 2], [$producer->counters()->sent, $producer->counters()->failed]);
    }
}
