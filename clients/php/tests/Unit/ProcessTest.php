<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use Kahets\Tests\Support\FakeDaemon;
use Kahets\Tests\Support\SocketTestCase;

/** Processes that end, and that fork. */
final class ProcessTest extends SocketTestCase
{
    protected function setUp(): void
    {
        if (!function_exists('pcntl_fork')) {
            self::markTestSkipped('There is no pcntl.');
        }
        parent::setUp();
    }

    private function runScript(string $how): void
    {
        $script = dirname(__DIR__) . '/scripts/ends.php';
        proc_close(proc_open([PHP_BINARY, '-d', 'log_errors=0', $script, $this->socket, $how], [], $pipes));
    }

    /** @return iterable<string, array{string}> */
    public function ends(): iterable
    {
        foreach (['return', 'exit', 'exception', 'fatal'] as $how) {
            yield $how => [$how];
        }
    }

    /** @dataProvider ends */
    public function testSendsWhatIsBufferedHoweverTheRequestEnds(string $how): void
    {
        $daemon = $this->daemon();
        $this->runScript($how);
        self::assertSame(['in the request', 'at the end'], FakeDaemon::messagesIn(implode($daemon->end())));
    }

    public function testAnExitInMidWriteIsMadeGoodOnANewConnection(): void
    {
        $server = $this->listen();
        $script = dirname(__DIR__) . '/scripts/ends.php';
        $process = proc_open([PHP_BINARY, $script, $this->socket, 'exit in mid-write'], [], $pipes);
        $half = self::accept($server);
        $whole = self::accept($server);
        stream_set_blocking($whole, true);
        $received = FakeDaemon::messagesIn(stream_get_contents($whole));
        proc_close($process);
        self::assertSame([14, 60000, 1 << 20, 10], array_map(strlen(...), $received));
        // Of the frame that was cut nothing follows; what came before it whole comes again.
        self::assertSame([14, 60000], array_map(strlen(...), FakeDaemon::messagesIn(stream_get_contents($half))));
        self::assertTrue(feof($half));
    }

    public function testAChildDoesNotSendWhatItsParentHasBuffered(): void
    {
        $daemon = $this->daemon();
        $this->runScript('fork');
        $received = array_map(FakeDaemon::messagesIn(...), $daemon->end());
        self::assertEqualsCanonicalizing([
            ['of the child', 'at the end'],
            ['in the request', 'before the fork', 'of the parent', 'at the end'],
        ], $received);
    }

    public function testAChildHasAConnectionOfItsOwn(): void
    {
        $daemon = $this->daemon();
        $this->runScript('fork of a connection');
        $received = array_map(FakeDaemon::messagesIn(...), $daemon->end());
        $of = static fn (string $who): array => [...array_map(
            static fn (int $i): string => "$i of the $who" . str_repeat('.', 500),
            range(0, 99),
        ), 'at the end'];
        self::assertSame([['in the request', ...$of('parent')], $of('child')], $received);
    }

    public function testSoHasAProducerThatIsMadeInTheChild(): void
    {
        $daemon = $this->daemon();
        $this->runScript('fork, another producer');
        $received = array_map(FakeDaemon::messagesIn(...), $daemon->end());
        self::assertSame([['in the request', 'at the end'], ['of the other', 'at the end']], $received);
    }
}
