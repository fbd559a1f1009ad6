<?php

declare(strict_types=1);

namespace Kahets\Tests\Support;

use Closure;
use Psr\Log\AbstractLogger;

final class NotingLogger extends AbstractLogger
{
    /** @var list<array{string, string, array<string, mixed>}> */
    public array $lines = [];
    /** @var (Closure(): mixed)|null */
    public ?Closure $also = null;

    public function log($level, $message, array $context = []): void
    {
        $this->lines[] = [(string) $level, (string) $message, $context];
        if ($this->also !== null) {
            ($this->also)();
        }
    }
}
