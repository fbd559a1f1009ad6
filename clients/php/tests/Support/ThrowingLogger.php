<?php

declare(strict_types=1);

namespace Kahets\Tests\Support;

use Psr\Log\AbstractLogger;
use RuntimeException;

final class ThrowingLogger extends AbstractLogger
{
    public function log($level, $message, array $context = []): void
    {
        throw new RuntimeException('the log is full');
    }
}
