<?php

declare(strict_types=1);

namespace Kahets\Symfony;

use InvalidArgumentException;
use Kahets\Options;
use Kahets\Producer;
use Psr\Log\LoggerInterface;
use Symfony\Component\Messenger\Transport\Serialization\SerializerInterface;
use Symfony\Component\Messenger\Transport\TransportFactoryInterface;
use Symfony\Component\Messenger\Transport\TransportInterface;

/**
 * Transports for the DSNs kahets+unix:///tmp/kahego.sock?bucket=orders and kahets+tcp://127.0.0.1:9410?bucket=orders.
 *
 * What follows the question mark, or stands under `options`: bucket (required), syncTimeoutMs, and what Options has. Each
 * message is written at once, so that a failure is an exception of its dispatch; bufferBytes changes that.
 */
final class KahetsTransportFactory implements TransportFactoryInterface
{
    private const DSN = '#^kahets\+(unix|tcp)://([^?]+)(?:\?(.*))?$#';

    public function __construct(private readonly ?LoggerInterface $logger = null)
    {
    }

    /** @param array<string, mixed> $options */
    public function createTransport(string $dsn, array $options, SerializerInterface $serializer): TransportInterface
    {
        if (preg_match(self::DSN, $dsn, $parts) !== 1) {
            throw new InvalidArgumentException(
                'kahets: expected the DSN kahets+unix:///PATH?bucket=NAME or kahets+tcp://HOST:PORT?bucket=NAME',
            );
        }
        parse_str($parts[3] ?? '', $query);
        $given = $query + $options + ['bucket' => null, 'syncTimeoutMs' => null];
        ['bucket' => $bucket, 'syncTimeoutMs' => $syncTimeoutMs] = $given;
        unset($given['bucket'], $given['syncTimeoutMs'], $given['transport_name']);
        if (!is_string($bucket) || $bucket === '') {
            throw new InvalidArgumentException('kahets: the DSN of a transport needs a bucket: ...?bucket=NAME');
        }
        $waitMs = filter_var($syncTimeoutMs ?? 1, FILTER_VALIDATE_INT, ['options' => ['min_range' => 1]]);
        if ($waitMs === false) {
            throw new InvalidArgumentException('kahets: option syncTimeoutMs: expected a whole number from 1');
        }
        $defaults = ['bufferBytes' => 0, 'logger' => $this->logger];
        $socket = ['socket' => $parts[1] === 'unix' ? $parts[2] : "tcp://$parts[2]"];
        $producer = new Producer(Options::fromArray($socket + $given + $defaults));
        return new KahetsTransport($producer, $serializer, $bucket, $syncTimeoutMs === null ? null : $waitMs);
    }

    /** @param array<string, mixed> $options */
    public function supports(string $dsn, array $options): bool
    {
        return preg_match('#^kahets\+(unix|tcp)://#', $dsn) === 1;
    }
}
