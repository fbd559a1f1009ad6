<?php

/**
 * A producer that is told over its input what to do, one line of JSON each, and answers each with a line:
 *
 *   php driver.php '{"socket": "/tmp/kahego.sock"}'
 *   {"do": "send", "bucket": "b", "from": 0, "to": 9, "bytes": 200}    "n=NUMBER " and filler; every third has a header
 *   {"do": "flush"}    {"do": "sync", "timeoutMs": 1000}
 *
 * Answers have the longest time that a call has taken, the counters, and the numbers of the messages that the fallback got.
 */

declare(strict_types=1);

use Kahets\Options;
use Kahets\Producer;
use Kahets\Unsent;

require dirname(__DIR__) . '/bootstrap.php';

$unsent = [];
$fallback = static function (Unsent $given) use (&$unsent): void {
    foreach ($given->messages() as $message) {
        $unsent[] = (int) substr($message->message, 2);
    }
};
$producer = new Producer(Options::fromArray(json_decode($argv[1], true) + ['fallback' => $fallback]));
while (($line = fgets(STDIN)) !== false) {
    $told = json_decode($line, true);
    $longestMs = 0;
    $result = null;
    $calls = match ($told['do']) {
        'send' => array_map(static fn (int $n): Closure => static fn (): bool => $producer->send(
            $told['bucket'],
            str_pad("n=$n ", $told['bytes'], '.'),
            'key-' . $n % 10,
            $n % 3 === 0 ? ['number' => (string) $n] : [],
        ), range($told['from'], $told['to'])),
        'flush' => [$producer->flush(...)],
        'sync' => [static fn () => $producer->sync($told['timeoutMs'])],
    };
    foreach ($calls as $call) {
        $began = hrtime(true);
        $result = $call();
        $longestMs = max($longestMs, (hrtime(true) - $began) / 1e6);
    }
    echo json_encode([
        'result' => $result,
        'longestMs' => $longestMs,
        'counters' => $producer->counters(),
        'unsent' => $unsent,
        'why' => $producer->lastError()?->reason->value,
    ]), "\n";
}
