<?php

/** A page that sends; served by PHP's own server, whose one process keeps persistent sockets from request to request, as FPM's do. */

declare(strict_types=1);

use Kahets\Options;
use Kahets\Producer;

require dirname(__DIR__) . '/bootstrap.php';

$producer = new Producer(new Options(socket: getenv('KAHETS_SOCKET'), timeoutMs: 5000));
if (isset($_GET['die'])) {
    // In the middle of a frame, and with no code of the client's to run after it: the shutdown is over its time, too.
    pcntl_async_signals(true);
    pcntl_signal(SIGALRM, static function () use ($producer): void {
        (new ReflectionProperty($producer, 'buffer'))->setValue($producer, '');
        (new ReflectionProperty($producer, 'buffered'))->setValue($producer, 0);
        exit('died');
    });
    pcntl_alarm(1);
    $producer->send('b', str_repeat('m', 1 << 20));
}
$producer->send('b', $_GET['message']);
echo json_encode(['sent' => $producer->flush(), 'why' => $producer->lastError()?->message]);
