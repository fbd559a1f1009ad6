<?php

declare(strict_types=1);

namespace Kahets\Laravel;

use Illuminate\Support\ServiceProvider;
use Kahets\FileFallback;
use Kahets\Options;
use Kahets\Producer;
use Kahets\ProducerInterface;

/**
 * Binds ProducerInterface to one Producer, made when it is first used, and flushes it when a request terminates (after the
 * response was sent) and between the jobs of a queue worker.
 */
final class KahetsServiceProvider extends ServiceProvider
{
    /** By name: the queue need not be installed. */
    private const JOB_EVENTS = [
        'Illuminate\Queue\Events\JobProcessed',
        'Illuminate\Queue\Events\JobExceptionOccurred',
        'Illuminate\Queue\Events\WorkerStopping',
    ];

    public function register(): void
    {
        $this->mergeConfigFrom(self::configFile(), 'kahets');
        $this->app->singleton(ProducerInterface::class, fn (): ProducerInterface => new Producer($this->options()));
    }

    public function boot(): void
    {
        $this->publishes([self::configFile() => $this->app->configPath('kahets.php')], 'kahets-config');
        $this->app->terminating($this->flush(...));
        $this->app->make('events')->listen(self::JOB_EVENTS, $this->flush(...));
    }

    private function flush(): void
    {
        if ($this->app->resolved(ProducerInterface::class)) {
            $this->app->make(ProducerInterface::class)->flush();
        }
    }

    private function options(): Options
    {
        $given = $this->app->make('config')->get('kahets');
        $log = $given['log'] ?? false;
        $file = $given['fallbackFile'] ?? null;
        unset($given['log'], $given['fallbackFile']);
        return Options::fromArray($given + [
            'logger' => $log ? $this->app->make('log') : null,
            'fallback' => $file === null ? null : new FileFallback($file),
        ]);
    }

    private static function configFile(): string
    {
        return dirname(__DIR__, 2) . '/config/kahets.php';
    }
}
