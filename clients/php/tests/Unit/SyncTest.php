<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use Kahets\Producer;
use Kahets\Reason;
use Kahets\Synced;
use Kahets\SyncStatus;
use Kahets\Tests\Support\FakeDaemon;
use Kahets\Tests\Support\SocketTestCase;

final class SyncTest extends SocketTestCase
{
    private const LONG_MS = 10000;

    private function patient(): Producer
    {
        return $this->producer(timeoutMs: self::LONG_MS, connectTimeoutMs: self::LONG_MS);
    }

    public function testTellsWhatTheDaemonSays(): void
    {
        $daemon = $this->daemon(['statuses' => [0, 1, 2]]);
        $producer = $this->patient();
        $producer->send('b', 'one');
        $producer->send('b', 'two');
        self::assertEquals(new Synced(SyncStatus::Delivered, 2), $producer->sync(self::LONG_MS));
        self::assertNull($producer->lastError());
        self::assertTrue((new Synced(SyncStatus::Delivered))->isSafe());
        $producer->send('b', 'three');
        self::assertEquals(new Synced(SyncStatus::BackedUp, 1), $producer->sync(self::LONG_MS));
        self::assertTrue((new Synced(SyncStatus::BackedUp))->isSafe());
        self::assertEquals(new Synced(SyncStatus::Dropped, 0), $producer->sync(self::LONG_MS));
        self::assertFalse((new Synced(SyncStatus::Dropped))->isSafe());
        self::assertSame(['one', 'two', 'three'], FakeDaemon::messagesIn(implode($daemon->end())));
    }

    public function testAsksAsTheProtocolSays(): void
    {
        $daemon = $this->daemon(['statuses' => [0]]);
        $this->patient()->sync(self::LONG_MS);
        [$question] = $daemon->end();
        self::assertStringStartsWith('060000000002', bin2hex($question));
        self::assertSame(10, strlen($question));
    }

    public function testDaemonDoesNotAnswer(): void
    {
        $daemon = $this->daemon();
        $producer = $this->patient();
        $producer->send('b', 'one');
        $ms = self::msOf(fn () => self::assertEquals(new Synced(SyncStatus::Unknown), $producer->sync(60)));
        self::assertGreaterThanOrEqual(60, $ms);
        self::assertLessThan(1000, $ms);
        self::assertFalse((new Synced(SyncStatus::Unknown))->isSafe());
        self::assertSame(Reason::Timeout, $producer->lastError()?->reason);
        // An answer that comes too late is not taken for that to the next question: it has a connection of its own.
        $producer->send('b', 'two');
        self::assertTrue($producer->flush());
        unset($producer);
        self::assertSame([['one'], ['two']], array_map(FakeDaemon::messagesIn(...), $daemon->end()));
    }

    public function testDaemonIsAbsent(): void
    {
        $producer = $this->patient();
        self::assertEquals(new Synced(SyncStatus::Unknown), $producer->sync());
        self::assertSame(Reason::Unreachable, $producer->lastError()?->reason);
        $producer->send('b', 'm');
        self::assertEquals(new Synced(SyncStatus::NotSent), $producer->sync());
        self::assertSame(['m'], $this->fallenBack());
    }

    public function testDaemonHangsUp(): void
    {
        $this->daemon(['hangUp' => true]);
        $producer = $this->patient();
        $producer->send('b', 'm');
        self::assertEquals(new Synced(SyncStatus::Unknown), $producer->sync(self::LONG_MS));
        self::assertSame(Reason::Closed, $producer->lastError()?->reason);
    }

    public function testAnswerIsToAnotherQuestion(): void
    {
        $this->daemon(['statuses' => [0], 'token' => 0]);
        $producer = $this->patient();
        $producer->send('b', 'm');
        self::assertEquals(new Synced(SyncStatus::Unknown), $producer->sync(self::LONG_MS));
        self::assertSame('the daemon has sent something that is no answer to a sync', $producer->lastError()?->message);
    }

    public function testAnswerHasAnUnknownStatus(): void
    {
        $this->daemon(['statuses' => [3]]);
        $producer = $this->patient();
        $producer->send('b', 'm');
        self::assertEquals(new Synced(SyncStatus::Unknown), $producer->sync(self::LONG_MS));
    }

    public function testConnectionWasLostInBetween(): void
    {
        $first = $this->daemon(['statuses' => [0]]);
        $producer = $this->patient();
        $producer->send('b', 'one');
        $producer->flush();
        $first->end();
        unlink($this->socket);
        $second = $this->daemon(['statuses' => [0]]);
        $producer->send('b', 'two');
        // The second daemon cannot speak of what the first one got.
        self::assertEquals(new Synced(SyncStatus::Unknown, 1), $producer->sync(self::LONG_MS));
        $producer->send('b', 'three');
        self::assertEquals(new Synced(SyncStatus::Delivered, 1), $producer->sync(self::LONG_MS));
        unset($producer);
        self::assertSame(['two', 'three'], FakeDaemon::messagesIn(implode($second->end())));
    }

    public function testConnectionWasLostWithNothingSentAfterIt(): void
    {
        $first = $this->daemon(['statuses' => [0]]);
        $producer = $this->patient();
        $producer->send('b', 'one');
        $producer->flush();
        $first->end();
        unlink($this->socket);
        $this->daemon(['statuses' => [0]]);
        self::assertEquals(new Synced(SyncStatus::Unknown, 0), $producer->sync(self::LONG_MS));
    }

    public function testARefusedMessageIsNotSent(): void
    {
        $this->daemon(['statuses' => [0]]);
        $producer = $this->patient();
        $producer->send('b', 'good');
        $producer->send('', 'bad');
        self::assertEquals(new Synced(SyncStatus::NotSent, 1), $producer->sync(self::LONG_MS));
        self::assertFalse((new Synced(SyncStatus::NotSent))->isSafe());
        self::assertEquals(new Synced(SyncStatus::Delivered, 0), $producer->sync(self::LONG_MS));
    }
}
