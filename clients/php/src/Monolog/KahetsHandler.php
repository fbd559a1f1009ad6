<?php

declare(strict_types=1);

namespace Kahets\Monolog;

use Kahets\ProducerInterface;
use Monolog\Formatter\FormatterInterface;
use Monolog\Formatter\JsonFormatter;
use Monolog\Handler\AbstractProcessingHandler;
use Monolog\Logger;

/** Sends each log record to a bucket, as a line of JSON unless another formatter is set. For Monolog 2 and 3. */
final class KahetsHandler extends AbstractProcessingHandler
{
    /** @param mixed $level as of Monolog's own handlers */
    public function __construct(
        private readonly ProducerInterface $producer,
        private readonly string $bucket,
        mixed $level = Logger::DEBUG,
        bool $bubble = true,
    ) {
        parent::__construct($level, $bubble);
    }

    /** Monolog calls it at the end, and between the jobs of a worker. */
    public function close(): void
    {
        $this->producer->flush();
        parent::close();
    }

    public function reset(): void
    {
        $this->producer->flush();
        parent::reset();
    }

    /** @param mixed $record an array in Monolog 2, a LogRecord in Monolog 3 */
    protected function write($record): void
    {
        $this->producer->send($this->bucket, (string) $record['formatted']);
    }

    protected function getDefaultFormatter(): FormatterInterface
    {
        return new JsonFormatter(JsonFormatter::BATCH_MODE_JSON, false);
    }
}
