<?php
// Sends ten messages to kahets: no extension, no library, one write.

$socket = @stream_socket_client('unix://' . (getenv('SOCKET') ?: '/run/kahets/kahets.sock'), $code, $error, 0.05);
if ($socket === false) {
    // The page goes on without its messages.
    error_log("kahets: $error");
    exit("no message sent\n");
}
// While the daemon's memory is full a write waits: so long at most.
stream_set_timeout($socket, 0, 50_000);

$bucket = 'requests';
$key = $_SERVER['REMOTE_ADDR'] ?? '';
$frames = '';
for ($number = 0; $number < 10; $number++) {
    $message = json_encode(['path' => $_SERVER['REQUEST_URI'] ?? '/', 'number' => $number, 'time' => microtime(true)]);
    $body = chr(strlen($bucket)) . $bucket . chr(strlen($key)) . $key . $message;
    $frames .= pack('V', strlen($body)) . $body;
}
$written = fwrite($socket, $frames);
fclose($socket);
echo $written === strlen($frames) ? "10 messages sent\n" : "not all messages sent\n";
