import { PARTITIONERS, type Hash } from '../../../src/sinks/kafka/partitioner';
import { crc32 } from '../../../src/sinks/kafka/partitioners/crc32';
import { fnv1a } from '../../../src/sinks/kafka/partitioners/fnv1a';
import { murmur2 } from '../../../src/sinks/kafka/partitioners/murmur2';

/** The hash of `key` as it lies between other bytes. */
const hashOf = (hash: Hash, key: string): number => {
  const bytes = Buffer.from(`<${key}>`);
  return hash(bytes, 1, bytes.length - 1);
};

const LONG = 'PreAmbleWillBeRemoved,ThePrePartThatIs';

describe('crc32', () => {
  it('is that of IEEE 802.3', () => {
    expect(hashOf(crc32, '123456789')).toBe(0xcbf43926);
    expect(hashOf(crc32, '')).toBe(0);
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
    expect(hashOf(crc32, key) % 3).toBe(expected);
  });
});

// From librdkafka's own tests, which have them from Java; less the sign bit.
describe('murmur2', () => {
  it.each([
    ['kafka', 0xd067cf64],
    ['giberish123456789', 0x8f552b0c],
    ['1234', 0x9fc97b14],
    ['234', 0xe7c009ca],
    ['34', 0x873930da],
    ['4', 0x5a4b5ca1],
    [LONG, 0x78424f1c],
    [LONG.slice(1), 0x4a62b377],
    [LONG.slice(2), 0xe0e4e09e],
    [LONG.slice(3), 0x62b8b43f],
    ['', 0x106e08d9],
  ])('of %s is that of Java', (key, expected) => {
    expect(hashOf(murmur2, key)).toBe(expected & 0x7fffffff);
  });
});

// From librdkafka's own tests, which have them from Go.
describe('fnv1a', () => {
  it.each([
    ['kafka', 0xd33c4e1],
    ['giberish123456789', 0x77a58295],
    ['1234', 0x23bdd03],
    ['234', 0x2dea3cd2],
    ['34', 0x740fa83e],
    ['4', 0x310ca263],
    [LONG, 0x65cbd69c],
    [LONG.slice(1), 0x6e49c79a],
    [LONG.slice(2), 0x69eed356],
    [LONG.slice(3), 0x6abcc023],
    ['', 0x7ee3623b],
  ])('of %s is that of Sarama', (key, expected) => {
    expect(hashOf(fnv1a, key)).toBe(expected);
  });
});

describe('PARTITIONERS', () => {
  it('has no hash for random alone, and one for the empty key where messages without a key share a partition', () => {
    const names = Object.entries(PARTITIONERS);
    expect(names.filter(([, { hash }]) => !hash).map(([name]) => name)).toEqual(['random']);
    expect(names.filter(([, { hashesNoKey }]) => hashesNoKey).map(([name]) => name)).toEqual([
      'consistent',
      'murmur2',
      'fnv1a',
    ]);
  });
});
