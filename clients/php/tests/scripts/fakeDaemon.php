<?php

/**
 * Stands for a daemon that does as it is told: reads frames and answers syncs, until its input ends; then it prints, as JSON,
 * what each connection has sent, in base64.
 *
 *   php fakeDaemon.php SOCKET '{"closeAfter": 1000, "pieceBytes": 4096, "statuses": [0, 1], "token": 7, "hangUp": true}'
 *
 * closeAfter: the first connection is closed when it has sent so many bytes, with what it has sent more left unread.
 * pieceBytes: it reads so much at a time, and waits for a millisecond after each.
 * statuses: of its answers, the last one for all that follow; without, it does not answer. token: a wrong one, for the answers.
 * hangUp: it closes a connection when asked, instead of answering.
 */

declare(strict_types=1);

require dirname(__DIR__) . '/bootstrap.php';

use Kahets\Wire\Frames;

$told = json_decode($argv[2] ?? '{}', true);
$server = stream_socket_server("unix://$argv[1]", $code, $text) ?: exit("$text\n");
echo "ready\n";
$open = ['in' => STDIN, 'server' => $server];
$received = [];
$unanswered = [];
$statuses = $told['statuses'] ?? null;

while (true) {
    $read = $open;
    $write = $except = null;
    // Told to end, it still takes what was sent before that.
    if (stream_select($read, $write, $except, isset($open['in']) ? null : 0) === 0) {
        break;
    }
    if (isset($read['in'])) {
        unset($open['in'], $read['in']);
    }
    foreach ($read as $name => $stream) {
        if ($name === 'server') {
            $received[] = '';
            $unanswered[] = ['', 0];
            $open[count($received) - 1] = stream_socket_accept($server);
            continue;
        }
        $mostBytes = $told['pieceBytes'] ?? 65536;
        if ($name === 0 && isset($told['closeAfter'])) {
            $mostBytes = min($mostBytes, $told['closeAfter'] - strlen($received[0]));
        }
        // As it comes from the system, so that what is not read stays unread.
        $bytes = stream_socket_recvfrom($stream, $mostBytes);
        $received[$name] .= $bytes;
        $isEnough = $name === 0 && strlen($received[0]) === ($told['closeAfter'] ?? -1);
        if ($bytes === '' || $bytes === false || $isEnough) {
            fclose($stream);
            unset($open[$name]);
            continue;
        }
        if (isset($told['pieceBytes'])) {
            usleep(1000);
        }
        [$rest, $messages] = $unanswered[$name];
        $rest .= $bytes;
        while (Frames::whole($rest, strlen($rest))[0] > 0) {
            $end = 4 + unpack('V', $rest)[1];
            $frame = substr($rest, 0, $end);
            $rest = substr($rest, $end);
            if (substr($frame, 4, 2) !== "\0\2") {
                ++$messages;
                continue;
            }
            if (isset($told['hangUp'])) {
                fclose($stream);
                unset($open[$name]);
                continue 2;
            }
            if ($statuses !== null) {
                $status = count($statuses) > 1 ? array_shift($statuses) : $statuses[0];
                fwrite($stream, pack('VCCVCP', 15, 0, 3, $told['token'] ?? unpack('V', $frame, 6)[1], $status, $messages));
                $messages = 0;
            }
        }
        $unanswered[$name] = [$rest, $messages];
    }
}
echo json_encode(array_map(base64_encode(...), $received)), "\n";
