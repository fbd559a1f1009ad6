<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use Kahets\Failure;
use Kahets\Message;
use Kahets\Reason;
use Kahets\Wire\Encoder;
use Kahets\Wire\Frames;
use PHPUnit\Framework\TestCase;

final class EncoderTest extends TestCase
{
    /**
     * @dataProvider \Kahets\Tests\Support\Vectors::good
     * @param list<array{string, Message}> $messages
     */
    public function testWritesTheSharedVectors(string $bytes, array $messages): void
    {
        $encoder = new Encoder();
        $written = '';
        foreach ($messages as [$kind, $message]) {
            $parts = array_values(get_object_vars($message));
            $written .= $kind === 'record' ? $encoder->record(...$parts) : $encoder->encode(...$parts);
        }
        self::assertSame(bin2hex($bytes), bin2hex($written));
    }

    /** @return iterable<string, array{bool, list<mixed>}> */
    public function messages(): iterable
    {
        yield 'a message' => [false, ['b', 'm']];
        yield 'a key' => [false, ['b', 'm', 'k']];
        yield 'an empty message' => [false, ['b', '']];
        yield 'a bucket of digits' => [false, ['42', 'm']];
        yield 'a bucket of 255 bytes' => [false, [str_repeat('b', 255), 'm']];
        yield 'a key of 255 bytes' => [false, ['b', 'm', str_repeat("\0", 255)]];
        yield 'a key of 256 bytes' => [true, ['b', 'm', str_repeat('k', 256)]];
        yield 'a key of 65,535 bytes' => [true, ['b', 'm', str_repeat('k', 65535)]];
        yield 'a null key' => [true, ['b', 'm', null]];
        yield 'a tombstone' => [true, ['b', null, 'k']];
        yield 'a time' => [true, ['b', 'm', 'k', [], 1700000000000]];
        yield 'the time 0' => [true, ['b', 'm', 'k', [], 0]];
        yield 'a partition' => [true, ['b', 'm', 'k', [], null, 0x7fffffff]];
        yield 'headers' => [true, ['b', 'm', 'k', [['a', '1'], ['a', null], ['', '']]]];
        yield '1,000 headers' => [true, ['b', 'm', 'k', array_fill(0, 1000, ['name', 'value'])]];
        yield 'everything' => [true, ['ä', "\xff", "\0", [['ü', "\xff"]], 1, 2]];
    }

    /**
     * @dataProvider messages
     * @param list<mixed> $parts
     */
    public function testTakesARecordOnlyForWhatVersion1CannotSay(bool $isRecord, array $parts): void
    {
        $frame = (new Encoder())->encode(...$parts);
        self::assertIsString($frame);
        self::assertSame($isRecord, $frame[4] === "\0");
        self::assertEquals([new Message(...$parts)], iterator_to_array(Frames::messages($frame)));
    }

    public function testTakesHeadersByNameAndAsPairs(): void
    {
        $frame = (new Encoder())->encode('b', 'm', headers: ['trace' => 'x', 42 => 'y', 'none' => null, ['trace', 'z']]);
        [$message] = iterator_to_array(Frames::messages($frame));
        self::assertSame([['trace', 'x'], ['42', 'y'], ['none', null], ['trace', 'z']], $message->headers);
    }

    public function testKnowsABucketAgainAfterManyOthers(): void
    {
        $encoder = new Encoder();
        $first = $encoder->encode('bucket-0', 'm');
        for ($i = 1; $i <= 1000; ++$i) {
            $encoder->encode("bucket-$i", 'm');
        }
        self::assertSame($first, $encoder->encode('bucket-0', 'm'));
    }

    /** @return iterable<string, array{list<mixed>, string}> */
    public function refused(): iterable
    {
        yield 'an empty bucket' => [['', 'm'], 'bucket: expected 1 to 255 bytes, got 0'];
        yield 'a bucket of 256 bytes' => [[str_repeat('ä', 128), 'm'], 'bucket: expected 1 to 255 bytes, got 256'];
        yield 'a bucket that is no text' => [["\xc3(", 'm'], 'bucket: expected UTF-8, got 2 bytes of something else'];
        yield 'such a bucket of a record' => [["\xc3(", null], 'bucket: expected UTF-8, got 2 bytes of something else'];
        yield 'a key of 65,536 bytes' => [['b', 'm', str_repeat('k', 65536)], 'key: expected at most 65535 bytes, got 65536'];
        yield 'a time before 1970' => [['b', 'm', '', [], -1], 'timestampMs: expected milliseconds since 1970, got -1'];
        yield 'a partition below 0' => [['b', 'm', '', [], null, -1], 'partition: expected 0 to 2147483647, got -1'];
        yield 'a partition of 2^31' => [
            ['b', 'm', '', [], null, 1 << 31],
            'partition: expected 0 to 2147483647, got 2147483648',
        ];
        yield '1,001 headers' => [
            ['b', 'm', '', array_fill(0, 1001, ['h', 'v'])],
            'headers: expected at most 1000, got 1001',
        ];
        $name = 'headers[1]: name: expected at most 65535 bytes of UTF-8, got something else';
        yield 'a long name of a header' => [['b', 'm', '', ['h' => 'v', str_repeat('n', 65536) => 'v']], $name];
        yield 'a name that is no text' => [['b', 'm', '', ['h' => 'v', "\xc3(" => 'v']], $name];
        yield 'a name that is a number' => [['b', 'm', '', ['h' => 'v', [1, 'v']]], $name];
        yield 'a value that is a number' => [
            ['b', 'm', '', ['h' => 1]],
            'headers[0]: value: expected a string or null, got int',
        ];
        yield 'a header of three' => [
            ['b', 'm', '', [['a', 'b', 'c']]],
            'headers[0]: expected a pair of name and value, got another array',
        ];
    }

    /**
     * @dataProvider refused
     * @param list<mixed> $parts
     */
    public function testRefuses(array $parts, string $expected): void
    {
        self::assertEquals(new Failure(Reason::Invalid, $expected), (new Encoder())->encode(...$parts));
    }

    /** @return iterable<string, array{list<mixed>}> */
    public function largest(): iterable
    {
        yield 'version 1' => [['b', 'm']];
        yield 'a record' => [['b', 'm', 'k', ['h' => 'v'], null]];
    }

    /**
     * @dataProvider largest
     * @param list<mixed> $parts
     */
    public function testRefusesAFrameAboveTheLimitAndTakesOneAtIt(array $parts): void
    {
        $encoder = new Encoder(100);
        $length = unpack('V', $encoder->encode(...$parts))[1];
        $parts[1] .= str_repeat('m', 100 - $length);
        self::assertSame(104, strlen($encoder->encode(...$parts)));
        $parts[1] .= 'm';
        self::assertEquals(
            new Failure(Reason::TooLarge, 'message: expected a frame of at most 100 bytes, got 101'),
            $encoder->encode(...$parts),
        );
    }
}
