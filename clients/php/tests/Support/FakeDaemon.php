<?php

declare(strict_types=1);

namespace Kahets\Tests\Support;

use Kahets\Wire\Frames;
use RuntimeException;

/** A process that listens at a socket and does as it is told; see scripts/fakeDaemon.php. */
final class FakeDaemon
{
    /** @var resource */
    private $process;
    /** @var array<int, resource> */
    private array $pipes = [];

    /** @param array<string, mixed> $told */
    public function __construct(string $socket, array $told = [])
    {
        $command = [PHP_BINARY, dirname(__DIR__) . '/scripts/fakeDaemon.php', $socket, json_encode((object) $told)];
        $this->process = proc_open($command, [['pipe', 'r'], ['pipe', 'w'], STDERR], $this->pipes);
        if (fgets($this->pipes[1]) !== "ready\n") {
            throw new RuntimeException("$socket: the fake daemon does not listen");
        }
    }

    public function __destruct()
    {
        $this->kill();
    }

    /** @return list<string> ends it: what each connection has sent */
    public function end(): array
    {
        fclose($this->pipes[0]);
        $received = json_decode(stream_get_contents($this->pipes[1]), true);
        proc_close($this->process);
        return array_map(base64_decode(...), $received);
    }

    public function kill(): void
    {
        if (is_resource($this->process)) {
            proc_terminate($this->process, 9);
            array_map(fclose(...), array_filter($this->pipes, is_resource(...)));
            proc_close($this->process);
        }
    }

    /** @return list<string|null> the messages of whole frames, syncs left out */
    public static function messagesIn(string $received): array
    {
        $messages = [];
        [, $wholeEnd] = Frames::whole($received, strlen($received));
        for ($at = 0; $at < $wholeEnd; $at = $next) {
            $next = $at + 4 + unpack('V', $received, $at)[1];
            if (substr($received, $at + 4, 2) !== "\0\2") {
                $messages[] = iterator_to_array(Frames::messages(substr($received, $at, $next - $at)))[0]->message;
            }
        }
        return $messages;
    }
}
