<?php

declare(strict_types=1);

namespace Kahets\Tests\Support;

use Kahets\Message;

/** The vectors that every client is tested with; those with nothing refused. */
final class Vectors
{
    private const FILE = '/spec/vectors/frames.json';

    /** @return iterable<string, array{string, list<array{string, Message}>}> name => bytes, and the messages with their kinds */
    public static function good(): iterable
    {
        $file = json_decode(file_get_contents(dirname(__DIR__, 4) . self::FILE), true);
        foreach ($file['vectors'] as $vector) {
            if ($vector['refused'] === []) {
                $messages = array_map(static fn (array $each): array => [$each['as'], self::message($each)], $vector['accepted']);
                yield $vector['name'] => [hex2bin(str_replace(' ', '', $vector['bytes'])), $messages];
            }
        }
    }

    private static function message(array $given): Message
    {
        $bytes = static fn (?string $hex): ?string => $hex === null ? null : hex2bin($hex);
        $headers = array_map(static fn (array $each): array => [$each[0], $bytes($each[1])], $given['headers'] ?? []);
        return new Message(
            $given['bucket'],
            $bytes($given['message']),
            $bytes($given['key']),
            $headers,
            $given['timestampMs'] ?? null,
            $given['partition'] ?? null,
        );
    }
}
