<?php

declare(strict_types=1);

namespace Kahets\Tests\Support;

use Kahets\Options;
use Kahets\Producer;
use Kahets\Unsent;
use PHPUnit\Framework\TestCase;

/** A folder with a socket for each test, and a producer that notes what it could not send. */
abstract class SocketTestCase extends TestCase
{
    protected string $folder;
    protected string $socket;
    /** @var list<Unsent> */
    protected array $unsent = [];
    /** @var list<FakeDaemon> */
    private array $daemons = [];

    protected function setUp(): void
    {
        $this->folder = sys_get_temp_dir() . '/kahets-php-' . bin2hex(random_bytes(6));
        mkdir($this->folder, 0755);
        $this->socket = "$this->folder/kahego.sock";
    }

    protected function tearDown(): void
    {
        array_map(static fn (FakeDaemon $each) => $each->kill(), $this->daemons);
        array_map(unlink(...), glob("$this->folder/*"));
        rmdir($this->folder);
    }

    /** @param array<string, mixed> $told see scripts/fakeDaemon.php */
    protected function daemon(array $told = []): FakeDaemon
    {
        return $this->daemons[] = new FakeDaemon($this->socket, $told);
    }

    protected function producer(mixed ...$options): Producer
    {
        $note = function (Unsent $unsent): void {
            $this->unsent[] = $unsent;
        };
        return new Producer(new Options(...($options + ['socket' => $this->socket, 'fallback' => $note])));
    }

    /** @return list<string|null> the messages that the fallback got */
    protected function fallenBack(): array
    {
        $messages = [];
        foreach ($this->unsent as $unsent) {
            foreach ($unsent->messages() as $message) {
                $messages[] = $message->message;
            }
        }
        return $messages;
    }

    /** @return resource a socket of this process that takes connections into its queue, and no more unless told to */
    protected function listen(int $backlog = 16)
    {
        $context = stream_context_create(['socket' => ['backlog' => $backlog]]);
        $flags = STREAM_SERVER_BIND | STREAM_SERVER_LISTEN;
        $server = stream_socket_server("unix://$this->socket", $code, $text, $flags, $context);
        self::assertIsResource($server, (string) $text);
        return $server;
    }

    /**
     * @param resource $server
     * @return resource the next connection, of which what has come can be read
     */
    protected static function accept($server)
    {
        $connection = stream_socket_accept($server, 5);
        self::assertIsResource($connection);
        stream_set_blocking($connection, false);
        return $connection;
    }

    /** @param resource $server */
    protected static function accepts($server): bool
    {
        $read = [$server];
        $write = $except = null;
        return stream_select($read, $write, $except, 0) === 1;
    }

    /** @param callable(): mixed $do */
    protected static function msOf(callable $do): float
    {
        $began = hrtime(true);
        $do();
        return (hrtime(true) - $began) / 1e6;
    }
}
