import { ANY_PARTITION, crc32, partitionOf } from '../../../src/sinks/kafka/partitioner';

const partition = (key: string, partitions: number): number => {
  const bytes = Buffer.from(`<${key}>`);
  return partitionOf(bytes, 1, bytes.length - 1, partitions);
};

describe('partitionOf', () => {
  it('computes the CRC-32 of IEEE 802.3', () => {
    const bytes = Buffer.from('..123456789..');
    expect(crc32(bytes, 2, 11)).toBe(0xcbf43926);
    expect(crc32(bytes, 2, 2)).toBe(0);
  });

  it('lets a message without a key go anywhere', () => {
    expect(partition('', 3)).toBe(ANY_PARTITION);
  });

  // Where `kcat -P` (librdkafka 2.0, consistent_random) put them in a topic of three partitions.
  it.each([
    ['a', 0],
    ['key-2', 0],
    ['order-000002', 0],
    ['user:42', 1],
    ['k'.repeat(24), 1],
    ['k'.repeat(25), 1],
    ['The quick brown fox jumps over the lazy dog', 1],
    ['x'.repeat(255), 1],
    ['b', 2],
    ['key-1', 2],
    ['0', 2],
    ['äöü', 2],
    ['tenant/17', 2],
    ['order-000001', 2],
  ])('puts %s where librdkafka puts it', (key, expected) => {
    expect(partition(key, 3)).toBe(expected);
  });

  it('knows one partition and many', () => {
    expect(partition('a', 1)).toBe(0);
    expect(partition('a', 1000)).toBe(0xe8b7be43 % 1000);
  });
});
