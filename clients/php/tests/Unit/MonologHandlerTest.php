<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use Kahets\InMemoryProducer;
use Kahets\Monolog\KahetsHandler;
use Kahets\Tests\Support\FakeDaemon;
use Kahets\Tests\Support\SocketTestCase;
use Monolog\Formatter\LineFormatter;
use Monolog\Logger;

final class MonologHandlerTest extends SocketTestCase
{
    protected function setUp(): void
    {
        if (!class_exists(Logger::class)) {
            self::markTestSkipped('Monolog is not installed (php-monolog).');
        }
        parent::setUp();
    }

    public function testSendsEachRecordAsALineOfJson(): void
    {
        $producer = new InMemoryProducer();
        $logger = new Logger('app', [new KahetsHandler($producer, 'logs')]);
        $logger->warning('slow', ['ms' => 12]);
        $logger->debug('fast');
        [$slow, $fast] = $producer->messages('logs');
        self::assertStringEndsWith('}', $slow->message);
        $record = json_decode($slow->message, true);
        self::assertSame(['slow', ['ms' => 12], 'app'], [$record['message'], $record['context'], $record['channel']]);
        self::assertSame(Logger::DEBUG, json_decode($fast->message, true)['level']);
    }

    public function testHasLevelBubbleAndFormatterOfEveryHandler(): void
    {
        [$first, $second] = [new InMemoryProducer(), new InMemoryProducer()];
        $handler = new KahetsHandler($second, 'logs', Logger::ERROR, false);
        $handler->setFormatter(new LineFormatter('%channel%: %message%'));
        $logger = new Logger('app', [$handler, new KahetsHandler($first, 'logs')]);
        $logger->info('for one');
        $logger->error('for the other');
        self::assertCount(1, $first->messages());
        self::assertSame('app: for the other', $second->messages()[0]->message);
        self::assertCount(1, $second->messages());
    }

    public function testFlushesWhenItIsClosedAndWhenItIsReset(): void
    {
        $daemon = $this->daemon();
        $producer = $this->producer(timeoutMs: 5000);
        $handler = new KahetsHandler($producer, 'logs');
        $handler->setFormatter(new LineFormatter('%message%'));
        $logger = new Logger('app', [$handler]);
        $logger->info('one');
        self::assertSame(1, $producer->counters()->buffered);
        $logger->reset();
        self::assertSame([1, 0], [$producer->counters()->sent, $producer->counters()->buffered]);
        $logger->info('two');
        $logger->close();
        self::assertSame(2, $producer->counters()->sent);
        self::assertSame(['one', 'two'], FakeDaemon::messagesIn(implode($daemon->end())));
    }

    public function testTheLoggerOfTheProducerMayBeTheOneItSendsFor(): void
    {
        $logger = new Logger('app');
        $producer = $this->producer(bufferBytes: 0, logger: $logger);
        $logger->pushHandler(new KahetsHandler($producer, 'logs'));
        $logger->info('nobody listens');
        $logger->info('still nobody');
        $said = array_map(static fn (string $each): string => json_decode($each, true)['message'], $this->fallenBack());
        self::assertContains('nobody listens', $said);
        self::assertContains('still nobody', $said);
        self::assertLessThan(5, count($said) + $producer->counters()->buffered);
    }
}
