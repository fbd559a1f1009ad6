<?php

/**
 * Prints what one send() of 200 bytes costs the application in µs: by the clock, and of CPU. The median of 9 rounds.
 *
 *   php bench/send.php [--socket PATH] [--messages N]
 *
 * Without --socket a process that reads and forgets stands for the daemon.
 */

declare(strict_types=1);

use Kahets\Options;
use Kahets\Producer;

require dirname(__DIR__) . '/tests/bootstrap.php';

const ROUNDS = 9;

function cpu_us(): float
{
    $used = getrusage();
    return ($used['ru_utime.tv_sec'] + $used['ru_stime.tv_sec']) * 1e6 + $used['ru_utime.tv_usec'] + $used['ru_stime.tv_usec'];
}

/** @return array{float, float} µs by the clock and of CPU for each message; a flush after each `$each` */
function round_of(Producer $producer, int $messages, int $each, array $headers): array
{
    $message = str_pad('{"path":"/orders/4711","user":42}', 200, ' ');
    [$began, $cpu] = [hrtime(true), cpu_us()];
    for ($i = 1; $i <= $messages; $i++) {
        $producer->send('requests', $message, 'user-42', $headers);
        if ($i % $each === 0) {
            $producer->flush();
        }
    }
    return [(hrtime(true) - $began) / 1000 / $messages, (cpu_us() - $cpu) / $messages];
}

function median(array $values): float
{
    sort($values);
    return $values[intdiv(count($values), 2)];
}

$given = getopt('', ['socket:', 'messages:']);
$messages = (int) ($given['messages'] ?? 20000);
$socket = $given['socket'] ?? sys_get_temp_dir() . '/kahets-bench-' . getmypid() . '.sock';
if (!isset($given['socket'])) {
    $reader = proc_open([PHP_BINARY, __DIR__ . '/reader.php', $socket], [['pipe', 'r'], ['pipe', 'w'], STDERR], $pipes);
    fgets($pipes[1]);
    register_shutdown_function(static fn () => unlink($socket));
}

$shapes = [
    'buffered, a write of 64 KB' => [65536, $messages, []],
    'buffered, 10 a request' => [65536, 10, []],
    'buffered, 10 a request, a header' => [65536, 10, ['trace' => '4bf92f3577b34da6']],
    'unbuffered' => [0, $messages, []],
];
printf("PHP %s, messages of 200 bytes, %d a round, median of %d rounds\n", PHP_VERSION, $messages, ROUNDS);
printf("%-34s %9s %9s\n", 'µs a message', 'clock', 'CPU');
foreach ($shapes as $name => [$bufferBytes, $each, $headers]) {
    $producer = new Producer(new Options(socket: $socket, bufferBytes: $bufferBytes, timeoutMs: 10000));
    $rounds = array_map(static fn (): array => round_of($producer, $messages, $each, $headers), range(1, ROUNDS));
    if ($producer->counters()->failed > 0) {
        exit("$name: {$producer->counters()->failed} messages failed\n");
    }
    printf("%-33s %9.2f %9.2f\n", $name, median(array_column($rounds, 0)), median(array_column($rounds, 1)));
}
