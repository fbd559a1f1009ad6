<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use InvalidArgumentException;
use Kahets\Options;
use PHPUnit\Framework\TestCase;

final class OptionsTest extends TestCase
{
    public function testHasTheDefaultsOfTheReadme(): void
    {
        $options = new Options();
        self::assertSame('unix:///tmp/kahego.sock', $options->address);
        self::assertSame([65536, 1000, true], [$options->bufferBytes, $options->flushAfterMs, $options->persistent]);
        self::assertSame([50, 100], [$options->connectTimeoutMs, $options->timeoutMs]);
        self::assertSame(8388608, $options->maxFrameBytes);
        self::assertSame([null, null], [$options->fallback, $options->logger]);
    }

    /** @return iterable<string, array{string, string}> */
    public function sockets(): iterable
    {
        yield 'a path' => ['/run/kahets/kahets.sock', 'unix:///run/kahets/kahets.sock'];
        yield 'a UNIX address' => ['unix:///run/k.sock', 'unix:///run/k.sock'];
        yield 'a TCP address' => ['tcp://127.0.0.1:9410', 'tcp://127.0.0.1:9410'];
        yield 'a TCP address of IPv6' => ['tcp://[::1]:9410', 'tcp://[::1]:9410'];
    }

    /** @dataProvider sockets */
    public function testTakesASocket(string $socket, string $address): void
    {
        self::assertSame($address, (new Options(socket: $socket))->address);
    }

    public function testTakesTextOfAConfiguration(): void
    {
        $options = Options::fromArray(['bufferBytes' => '0', 'persistent' => 'false', 'timeoutMs' => 20]);
        self::assertSame([0, false, 20], [$options->bufferBytes, $options->persistent, $options->timeoutMs]);
    }

    /** @return iterable<string, array{array<string, mixed>, string}> */
    public function wrong(): iterable
    {
        yield 'an unknown name' => [['timeout' => 5], 'kahets: option timeout: unknown; expected socket, persistent, '];
        yield 'no number' => [['timeoutMs' => 'soon'], 'kahets: option timeoutMs: expected a whole number, got string'];
        yield 'no time' => [['timeoutMs' => 0], 'kahets: option timeoutMs: expected at least 1, got 0'];
        yield 'less than nothing' => [['bufferBytes' => -1], 'kahets: option bufferBytes: expected at least 0, got -1'];
        yield 'neither yes nor no' => [['persistent' => 'ja'], 'kahets: option persistent: expected true or false, got string'];
        yield 'a relative path' => [
            ['socket' => 'kahego.sock'],
            'kahets: option socket: expected an absolute path or tcp://HOST:PORT, got "kahego.sock"',
        ];
    }

    /**
     * @dataProvider wrong
     * @param array<string, mixed> $given
     */
    public function testRefuses(array $given, string $expected): void
    {
        $this->expectException(InvalidArgumentException::class);
        $this->expectExceptionMessage($expected);
        Options::fromArray($given);
    }
}
