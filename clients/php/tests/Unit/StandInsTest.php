<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use Kahets\Counters;
use Kahets\InMemoryProducer;
use Kahets\Message;
use Kahets\NullProducer;
use Kahets\Reason;
use Kahets\Synced;
use Kahets\SyncStatus;
use PHPUnit\Framework\TestCase;

/** The producers for an application's tests. */
final class StandInsTest extends TestCase
{
    public function testOneKeepsMessages(): void
    {
        $producer = new InMemoryProducer();
        self::assertTrue($producer->send('a', 'one', 'k', ['h' => 'v'], 1, 2));
        self::assertTrue($producer->send('b', 'two'));
        self::assertTrue($producer->flush());
        $one = new Message('a', 'one', 'k', ['h' => 'v'], 1, 2);
        self::assertEquals([$one, new Message('b', 'two')], $producer->messages());
        self::assertEquals([$one], $producer->messages('a'));
        self::assertSame([], $producer->messages('c'));
        self::assertEquals(new Synced(SyncStatus::Delivered, 2), $producer->sync());
        self::assertEquals(new Synced(SyncStatus::Delivered, 0), $producer->sync());
        self::assertSame(2, $producer->counters()->sent);
    }

    public function testItRefusesWhatTheRealOneRefuses(): void
    {
        $producer = new InMemoryProducer(maxFrameBytes: 100);
        self::assertFalse($producer->send('', 'm'));
        self::assertSame(Reason::Invalid, $producer->lastError()?->reason);
        self::assertFalse($producer->send('b', str_repeat('m', 100)));
        self::assertSame(Reason::TooLarge, $producer->lastError()?->reason);
        self::assertEquals(new Counters(failed: 2), $producer->counters());
        self::assertEquals(new Synced(SyncStatus::NotSent, 0), $producer->sync());
        self::assertNull($producer->lastError());
    }

    public function testTheOtherForgetsThem(): void
    {
        $producer = new NullProducer();
        self::assertTrue($producer->send('', 'anything'));
        self::assertTrue($producer->flush());
        self::assertNull($producer->lastError());
        self::assertEquals(new Counters(), $producer->counters());
        self::assertEquals(new Synced(SyncStatus::Delivered), $producer->sync());
    }
}
