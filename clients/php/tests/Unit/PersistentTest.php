<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use Kahets\Tests\Support\FakeDaemon;
use Kahets\Tests\Support\SocketTestCase;

/** One process, many requests: PHP's own web server. */
final class PersistentTest extends SocketTestCase
{
    /** @var resource */
    private $site;
    private string $address;

    protected function setUp(): void
    {
        parent::setUp();
        $free = stream_socket_server('tcp://127.0.0.1:0');
        $this->address = stream_socket_get_name($free, false);
        fclose($free);
        $this->site = proc_open(
            [PHP_BINARY, '-S', $this->address, dirname(__DIR__) . '/scripts/site.php'],
            [2 => ['file', '/dev/null', 'w']],
            $pipes,
            null,
            ['KAHETS_SOCKET' => $this->socket],
        );
        $began = hrtime(true);
        while (@stream_socket_client("tcp://$this->address") === false) {
            self::assertLessThan(10e9, hrtime(true) - $began, 'the web server does not start');
            usleep(5000);
        }
    }

    protected function tearDown(): void
    {
        proc_terminate($this->site, 9);
        proc_close($this->site);
        parent::tearDown();
    }

    private function request(string $query): string
    {
        return file_get_contents("http://$this->address/?$query");
    }

    public function testRequestsShareTheConnection(): void
    {
        $daemon = $this->daemon();
        for ($i = 0; $i < 5; ++$i) {
            self::assertSame('{"sent":true,"why":null}', $this->request("message=$i"));
        }
        self::assertSame([['0', '1', '2', '3', '4']], array_map(FakeDaemon::messagesIn(...), $daemon->end()));
    }

    public function testADaemonThatIsRestartedBetweenRequests(): void
    {
        $first = $this->daemon();
        $this->request('message=one');
        self::assertSame(['one'], FakeDaemon::messagesIn(implode($first->end())));
        self::assertStringContainsString('"sent":false', $this->request('message=two'));
        unlink($this->socket);
        $second = $this->daemon();
        self::assertSame('{"sent":true,"why":null}', $this->request('message=three'));
        self::assertSame(['three'], FakeDaemon::messagesIn(implode($second->end())));
    }

    public function testARequestThatDiedInTheMiddleOfAFrameLeavesNoHalfFrameToTheNext(): void
    {
        $server = $this->listen();
        $this->request('message=one');
        $first = self::accept($server);
        self::assertSame(['one'], FakeDaemon::messagesIn(fread($first, 65536)));
        self::assertSame('died', $this->request('die'));
        self::assertSame('{"sent":true,"why":null}', $this->request('message=two'));
        self::assertSame([], FakeDaemon::messagesIn(stream_get_contents($first)));
        self::assertTrue(feof($first));
        self::assertSame(['two'], FakeDaemon::messagesIn(fread(self::accept($server), 65536)));
    }
}
