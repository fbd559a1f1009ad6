<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use Kahets\Message;
use Kahets\Tests\Support\Vectors;
use Kahets\Wire\Frames;
use PHPUnit\Framework\TestCase;

final class FramesTest extends TestCase
{
    /**
     * @dataProvider \Kahets\Tests\Support\Vectors::good
     * @param list<array{string, Message}> $messages
     */
    public function testReadsTheSharedVectors(string $bytes, array $messages): void
    {
        self::assertEquals(array_column($messages, 1), iterator_to_array(Frames::messages($bytes), false));
    }

    /**
     * @dataProvider \Kahets\Tests\Support\Vectors::good
     * @param list<array{string, Message}> $messages
     */
    public function testFindsTheLastWholeFrameWhereverTheBytesAreCut(string $bytes, array $messages): void
    {
        $ends = [0];
        while (end($ends) < strlen($bytes)) {
            $ends[] = end($ends) + 4 + unpack('V', $bytes, end($ends))[1];
        }
        self::assertCount(count($messages) + 1, $ends);
        for ($cut = 0, $whole = 0; $cut <= strlen($bytes); ++$cut) {
            $whole += (int) ($cut >= ($ends[$whole + 1] ?? PHP_INT_MAX));
            self::assertSame([$whole, $ends[$whole]], Frames::whole($bytes, $cut));
        }
    }

    public function testHasVectorsOfBothKinds(): void
    {
        $kinds = [];
        foreach (Vectors::good() as [, $messages]) {
            array_push($kinds, ...array_column($messages, 0));
        }
        self::assertGreaterThan(10, array_count_values($kinds)['frame']);
        self::assertGreaterThan(10, array_count_values($kinds)['record']);
    }
}
