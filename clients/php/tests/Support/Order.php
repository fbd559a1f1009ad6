<?php

declare(strict_types=1);

namespace Kahets\Tests\Support;

final class Order
{
    public function __construct(public readonly int $number)
    {
    }
}
