<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use Illuminate\Config\Repository;
use Illuminate\Foundation\Application;
use Illuminate\Queue\Events\JobProcessed;
use Kahets\Laravel\KahetsServiceProvider;
use Kahets\Monolog\KahetsHandler;
use Kahets\Producer;
use Kahets\ProducerInterface;
use Kahets\Tests\Support\FakeDaemon;
use Kahets\Tests\Support\NotingLogger;
use Kahets\Tests\Support\SocketTestCase;

/** With Laravel's own application. */
final class LaravelProviderTest extends SocketTestCase
{
    protected function setUp(): void
    {
        if (!class_exists(Application::class)) {
            self::markTestSkipped('Laravel is not installed (php-laravel-framework).');
        }
        parent::setUp();
    }

    /** @param array<string, mixed> $config */
    private function application(array $config): Application
    {
        $app = new Application($this->folder);
        $app->instance('config', new Repository(['kahets' => $config]));
        $app->instance('log', new NotingLogger());
        $app->register(new KahetsServiceProvider($app));
        $app->boot();
        return $app;
    }

    public function testFlushesWhenTheApplicationTerminates(): void
    {
        $daemon = $this->daemon();
        $app = $this->application(['socket' => $this->socket, 'timeoutMs' => 5000]);
        $producer = $app->make(ProducerInterface::class);
        self::assertInstanceOf(Producer::class, $producer);
        self::assertSame($producer, $app->make(ProducerInterface::class));
        $producer->send('b', 'm');
        self::assertSame(1, $producer->counters()->buffered);
        $app->terminate();
        self::assertSame([1, 0], [$producer->counters()->sent, $producer->counters()->buffered]);
        self::assertSame(['m'], FakeDaemon::messagesIn(implode($daemon->end())));
    }

    public function testFlushesAfterAJob(): void
    {
        $this->daemon();
        $app = $this->application(['socket' => $this->socket, 'timeoutMs' => 5000]);
        $producer = $app->make(ProducerInterface::class);
        $producer->send('b', 'm');
        $app->make('events')->dispatch(JobProcessed::class, [null]);
        self::assertSame(1, $producer->counters()->sent);
    }

    public function testMakesNoProducerForARequestThatSendsNothing(): void
    {
        $app = $this->application(['socket' => $this->socket]);
        $app->terminate();
        self::assertFalse($app->resolved(ProducerInterface::class));
    }

    public function testTellsTheLogAndTheFileWhatIsNotSent(): void
    {
        $file = "$this->folder/unsent.frames";
        $app = $this->application(['socket' => $this->socket, 'log' => true, 'fallbackFile' => $file]);
        $app->make(ProducerInterface::class)->send('b', 'm');
        $app->terminate();
        self::assertSame(['m'], FakeDaemon::messagesIn(file_get_contents($file)));
        self::assertSame(['warning'], array_column($app->make('log')->lines, 0));
    }

    public function testALogChannelMayBeSentThroughTheProducerThatLogsToIt(): void
    {
        $channel = [
            'driver' => 'monolog',
            'handler' => KahetsHandler::class,
            'with' => ['bucket' => 'logs'],
            'formatter' => 'default',
        ];
        $app = new Application($this->folder);
        $app->instance('config', new Repository([
            'kahets' => ['socket' => $this->socket, 'log' => true, 'fallbackFile' => "$this->folder/unsent.frames"],
            'logging' => ['default' => 'kahets', 'channels' => ['kahets' => $channel]],
        ]));
        $app->register(new KahetsServiceProvider($app));
        $app->boot();
        $app->make('log')->info('an order');
        $app->terminate();
        $logged = FakeDaemon::messagesIn(file_get_contents("$this->folder/unsent.frames"));
        self::assertSame('an order', json_decode($logged[0], true)['message']);
        // That nobody listens is said to the log once, and waits for the next write.
        self::assertSame(1, $app->make(ProducerInterface::class)->counters()->buffered);
    }
}
