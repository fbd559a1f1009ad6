#!/usr/bin/env php
<?php
/**
 * Sends numbered messages to the daemon's UNIX socket, as an application does: no extension, no library.
 *
 *   php clients/php/send.php --messages 1000 --bucket requests
 *
 * Each message reads "n=NUMBER crc=CHECKSUM " and filler; the checksum is CRC-32 of key and filler, so that whoever reads the
 * messages can tell that all of them are there, whole, once and in order per key.
 */
declare(strict_types=1);

const USAGE = <<<'TEXT'
Usage: php send.php [options]
  --socket PATH        the daemon's socket             (/tmp/kahego.sock)
  --bucket NAME        bucket, and topic in Kafka      (requests)
  --messages N         how many                        (1000)
  --connections N      spread over so many connections (4)
  --keys N             keys per connection, 0: none    (10)
  --min-bytes N        shortest message                (200)
  --max-bytes N        longest message                 (8192)

TEXT;

/** One message as the daemon takes it: length of the body, then bucket and key, each behind a byte of its length, then the message. */
function frame(string $bucket, string $key, string $message): string
{
    $body = chr(strlen($bucket)) . $bucket . chr(strlen($key)) . $key . $message;
    return pack('V', strlen($body)) . $body;
}

/** Text that compresses somewhat, as applications' messages do; any byte may be in it. */
function filler(int $bytes): string
{
    static $pool = null;
    if ($pool === null) {
        $pool = '';
        while (strlen($pool) < 1 << 16) {
            $pool .= json_encode(['user' => mt_rand(1, 1000000), 'path' => '/orders/' . mt_rand(1, 500), 'ok' => true]) . "\n";
            $pool .= random_bytes(24) . "\0";
        }
    }
    return substr(str_repeat($pool, intdiv($bytes, 1 << 16) + 2), mt_rand(0, (1 << 16) - 1), $bytes);
}

function fail(string $why): never
{
    fwrite(STDERR, "send.php: $why\n");
    exit(1);
}

$given = getopt('h', ['help', 'socket:', 'bucket:', 'messages:', 'connections:', 'keys:', 'min-bytes:', 'max-bytes:']);
if (isset($given['h']) || isset($given['help'])) {
    echo USAGE;
    exit(0);
}
$socket = $given['socket'] ?? '/tmp/kahego.sock';
$bucket = $given['bucket'] ?? 'requests';
$messages = (int) ($given['messages'] ?? 1000);
$connections = max(1, (int) ($given['connections'] ?? 4));
$keys = (int) ($given['keys'] ?? 10);
$minBytes = (int) ($given['min-bytes'] ?? 200);
$maxBytes = (int) ($given['max-bytes'] ?? 8192);

$streams = [];
for ($i = 0; $i < $connections; $i++) {
    $stream = @stream_socket_client("unix://$socket", $errno, $error, 5);
    if ($stream === false) {
        fail("cannot connect to $socket ($error); is the daemon running?");
    }
    $streams[] = $stream;
}

for ($n = 0; $n < $messages; $n++) {
    $connection = $n % $connections;
    $key = $keys > 0 ? "key-$connection-" . intdiv($n, $connections) % $keys : '';
    $head = sprintf('n=%d crc=%08x ', $n, 0);
    $filler = filler(max(0, mt_rand($minBytes, $maxBytes) - strlen($head)));
    $message = sprintf('n=%d crc=%08x ', $n, crc32($key . $filler)) . $filler;
    $bytes = frame($bucket, $key, $message);
    if (fwrite($streams[$connection], $bytes) !== strlen($bytes)) {
        fail("the daemon closed connection $connection at message $n");
    }
}
foreach ($streams as $stream) {
    fclose($stream);
}
echo "sent $messages messages to bucket $bucket over $connections connections\n";
