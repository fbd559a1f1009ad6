<?php

declare(strict_types=1);

namespace Kahets\Tests\Unit;

use InvalidArgumentException;
use Kahets\InMemoryProducer;
use Kahets\Message;
use Kahets\Symfony\KahetsStamp;
use Kahets\Symfony\KahetsTransport;
use Kahets\Symfony\KahetsTransportFactory;
use Kahets\Tests\Support\Order;
use Kahets\Tests\Support\SocketTestCase;
use Kahets\Wire\Frames;
use Symfony\Component\Messenger\Envelope;
use Symfony\Component\Messenger\Exception\TransportException;
use Symfony\Component\Messenger\MessageBus;
use Symfony\Component\Messenger\Middleware\SendMessageMiddleware;
use Symfony\Component\Messenger\Stamp\DelayStamp;
use Symfony\Component\Messenger\Transport\Sender\SendersLocatorInterface;
use Symfony\Component\Messenger\Transport\Serialization\PhpSerializer;
use Symfony\Component\Messenger\Transport\Serialization\SerializerInterface;

final class SymfonyTransportTest extends SocketTestCase
{
    protected function setUp(): void
    {
        if (!class_exists(MessageBus::class)) {
            self::markTestSkipped('Symfony Messenger is not installed (php-symfony-messenger).');
        }
        parent::setUp();
    }

    private static function serializer(): SerializerInterface
    {
        return new class implements SerializerInterface {
            public function decode(array $encodedEnvelope): Envelope
            {
                return new Envelope(new Order((int) $encodedEnvelope['body']));
            }

            public function encode(Envelope $envelope): array
            {
                return ['body' => (string) $envelope->getMessage()->number, 'headers' => ['type' => 'order', 'version' => 2]];
            }
        };
    }

    private function transport(string $query, array $options = []): KahetsTransport
    {
        $factory = new KahetsTransportFactory();
        $dsn = "kahets+unix://$this->socket$query";
        self::assertTrue($factory->supports($dsn, []));
        return $factory->createTransport($dsn, $options + ['transport_name' => 'orders'], self::serializer());
    }

    public function testABusDispatchesToTheDaemon(): void
    {
        $daemon = $this->daemon();
        $transport = $this->transport('?bucket=orders&timeoutMs=5000');
        $senders = new class ($transport) implements SendersLocatorInterface {
            public function __construct(private readonly KahetsTransport $transport)
            {
            }

            public function getSenders(Envelope $envelope): iterable
            {
                return ['orders' => $this->transport];
            }
        };
        $bus = new MessageBus([new SendMessageMiddleware($senders)]);
        $bus->dispatch(new Order(7), [new KahetsStamp(key: 'customer-1')]);
        $bus->dispatch(new Order(8), [new KahetsStamp('others', 'k', 1700000000000, 3)]);
        $bus->dispatch(new Order(9));
        unset($transport, $senders, $bus);
        $headers = [['type', 'order'], ['version', '2']];
        self::assertEquals([
            new Message('orders', '7', 'customer-1', $headers),
            new Message('others', '8', 'k', $headers, 1700000000000, 3),
            new Message('orders', '9', null, $headers),
        ], iterator_to_array(Frames::messages(implode($daemon->end())), false));
    }

    /** @return iterable<string, array{string}> */
    public function tcp(): iterable
    {
        yield 'IPv4' => ['127.0.0.1'];
        yield 'IPv6' => ['[::1]'];
    }

    /** @dataProvider tcp */
    public function testSendsOverTcp(string $host): void
    {
        $server = @stream_socket_server("tcp://$host:0");
        if ($server === false) {
            self::markTestSkipped("This machine has no $host.");
        }
        $dsn = 'kahets+tcp://' . stream_socket_get_name($server, false) . '?bucket=orders';
        (new KahetsTransportFactory())->createTransport($dsn, [], self::serializer())->send(new Envelope(new Order(7)));
        $headers = [['type', 'order'], ['version', '2']];
        $received = fread(stream_socket_accept($server), 65536);
        $expected = [new Message('orders', '7', null, $headers)];
        self::assertEquals($expected, iterator_to_array(Frames::messages($received), false));
    }

    public function testSendsWhatMessengersOwnSerializerMakes(): void
    {
        $producer = new InMemoryProducer();
        (new KahetsTransport($producer, new PhpSerializer(), 'orders'))->send(new Envelope(new Order(7)));
        [$message] = $producer->messages('orders');
        $envelope = (new PhpSerializer())->decode(['body' => $message->message]);
        self::assertEquals(new Order(7), $envelope->getMessage());
    }

    public function testAFailureIsAnExceptionOfTheDispatch(): void
    {
        $this->expectException(TransportException::class);
        $this->expectExceptionMessage("kahets: not sent: unix://$this->socket: no connection (No such file or directory)");
        $this->transport('?bucket=orders')->send(new Envelope(new Order(7)));
    }

    public function testWaitsUntilTheMessageIsSafeWhereItIsToldTo(): void
    {
        $this->daemon(['statuses' => [0, 1, 2]]);
        $transport = $this->transport('?bucket=orders', ['syncTimeoutMs' => 5000, 'timeoutMs' => 5000]);
        $envelope = new Envelope(new Order(7));
        self::assertSame($envelope, $transport->send($envelope));
        self::assertSame($envelope, $transport->send($envelope));
        $this->expectException(TransportException::class);
        $this->expectExceptionMessage('kahets: the message is not safe: dropped (see the log of the daemon)');
        $transport->send($envelope);
    }

    public function testCannotDelay(): void
    {
        $this->expectException(TransportException::class);
        $this->expectExceptionMessage('kahets: a message cannot be delayed; remove its DelayStamp.');
        $this->transport('?bucket=orders')->send(new Envelope(new Order(7), [new DelayStamp(1000)]));
    }

    public function testDoesNotReceive(): void
    {
        $transport = $this->transport('?bucket=orders');
        $envelope = new Envelope(new Order(7));
        $calls = [$transport->get(...), fn () => $transport->ack($envelope), fn () => $transport->reject($envelope)];
        foreach ($calls as $call) {
            try {
                $call();
                self::fail('expected an exception');
            } catch (TransportException $thrown) {
                self::assertStringContainsString('this transport only sends', $thrown->getMessage());
            }
        }
    }

    /** @return iterable<string, array{string, string}> */
    public function wrong(): iterable
    {
        yield 'no bucket' => ['kahets+unix:///tmp/kahego.sock', 'kahets: the DSN of a transport needs a bucket'];
        yield 'no path' => ['kahets+unix://?bucket=b', 'kahets: expected the DSN kahets+unix:///PATH?bucket=NAME'];
        yield 'an unknown option' => ['kahets+unix:///tmp/k.sock?bucket=b&speed=9', 'kahets: option speed: unknown'];
        yield 'no number' => ['kahets+tcp://127.0.0.1:9410?bucket=b&timeoutMs=x', 'kahets: option timeoutMs: expected'];
        yield 'no time' => ['kahets+unix:///tmp/k.sock?bucket=b&syncTimeoutMs=0', 'kahets: option syncTimeoutMs: expected'];
    }

    /** @dataProvider wrong */
    public function testRefusesADsn(string $dsn, string $expected): void
    {
        $this->expectException(InvalidArgumentException::class);
        $this->expectExceptionMessage($expected);
        (new KahetsTransportFactory())->createTransport($dsn, [], self::serializer());
    }

    public function testLeavesOtherDsnsToOthers(): void
    {
        self::assertFalse((new KahetsTransportFactory())->supports('doctrine://default', []));
        self::assertFalse((new KahetsTransportFactory())->supports('kahets://default', []));
    }
}
