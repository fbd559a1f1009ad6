<?php

/** Sends, and ends in one of the ways in which a request ends: php ends.php SOCKET HOW */

declare(strict_types=1);

use Kahets\Options;
use Kahets\Producer;

require dirname(__DIR__) . '/bootstrap.php';

ini_set('display_errors', '0');
[, $socket, $how] = $argv;
$producer = new Producer(new Options(socket: $socket, timeoutMs: 5000));
$producer->send('b', 'in the request');

/** As a framework does that logs what has ended the request. */
register_shutdown_function(static function () use ($producer): void {
    $producer->send('b', 'at the end');
});

$ways = [
    'return' => static fn () => null,
    'exit' => static fn () => exit(3),
    'exception' => static fn () => throw new RuntimeException('nobody catches this'),
    'fatal' => static function (): void {
        ini_set('memory_limit', '16M');
        str_repeat('m', 1 << 30);
    },
    'exit in mid-write' => static function () use ($producer): void {
        pcntl_async_signals(true);
        pcntl_signal(SIGALRM, static fn () => exit(0));
        $producer->send('b', str_repeat('m', 60000));
        pcntl_alarm(1);
        $producer->send('b', str_repeat('m', 1 << 20));
    },
    'fork' => static function () use ($producer): void {
        $producer->send('b', 'before the fork');
        $child = pcntl_fork();
        if ($child === 0) {
            $producer->send('b', 'of the child');
            exit(0);
        }
        pcntl_waitpid($child, $status);
        $producer->send('b', 'of the parent');
    },
    'fork of a connection' => static function () use ($producer): void {
        $producer->flush();
        $child = pcntl_fork();
        $who = $child === 0 ? 'the child' : 'the parent';
        for ($i = 0; $i < 100; ++$i) {
            $producer->send('b', "$i of $who" . str_repeat('.', 500));
            $producer->flush();
        }
        if ($child !== 0) {
            pcntl_waitpid($child, $status);
        }
    },
    'fork, another producer' => static function () use ($producer, $socket): void {
        $producer->flush();
        if (pcntl_fork() === 0) {
            $other = new Producer(new Options(socket: $socket, timeoutMs: 5000));
            $other->send('b', 'of the other');
            exit(0);
        }
        pcntl_wait($status);
    },
];
$ways[$how]();
