<?php

/** Reads and forgets what one connection after the other writes to the socket; ends when its input ends. */

declare(strict_types=1);

$server = stream_socket_server("unix://$argv[1]", $code, $text) ?: exit("$text\n");
echo "ready\n";
$open = [STDIN, $server];
while (true) {
    $read = $open;
    $write = $except = null;
    stream_select($read, $write, $except, null);
    foreach ($read as $stream) {
        if ($stream === STDIN) {
            exit(0);
        }
        if ($stream === $server) {
            $open[] = stream_socket_accept($server);
        } elseif (fread($stream, 1 << 20) === '') {
            unset($open[array_search($stream, $open, true)]);
        }
    }
}
