import { createBuffers } from '../../../src/sinks/kafka/buffers';
import { uncompressed } from '../../../src/sinks/kafka/compression';
import { Delivery, type Ended } from '../../../src/sinks/kafka/delivery';
import { Distributor, type DistributorOptions } from '../../../src/sinks/kafka/distributor';
import { Partition, type PartitionContext } from '../../../src/sinks/kafka/partition';
import type { RecordOptions } from '../../../src/sinks/kafka/recordBatch';
import { encodeFrame } from '../../../src/wire/frame';
import { encodeRecord } from '../../../src/wire/record';
import { batchOfRun, messagesOf } from '../../../src/testing/builders';
import { randomFrom } from '../../support/random';

const NOW = 1_700_000_000_000;
const HOUR = 3_600_000;

const OPTIONS: DistributorOptions = {
  messageMaxBytes: 1_000_000,
  partitioner: 'consistent_random',
  stickyLingerMs: 10,
  now: () => NOW,
  random: randomFrom(1),
};

const RECORDS: RecordOptions = { count: 10_000, bytes: 1_000_000 };

interface Setup {
  readonly partitions: readonly Partition[];
  readonly distributor: Distributor;
  /** Distributes the frames as one run of one delivery; what has its fate at once. */
  readonly send: (frames: readonly Buffer[], arrivedMs?: number) => readonly Ended[];
  /** Messages in each partition since the last time. */
  readonly counts: () => readonly number[];
}

const setUp = (options: Partial<DistributorOptions> = {}, leaders: readonly number[] = [1, 1, 1]): Setup => {
  const context: PartitionContext = {
    buffers: createBuffers(2_000_000),
    compress: uncompressed,
    recordOptions: RECORDS,
    weigh: () => undefined,
    queuedBytes: 0,
    wake: () => undefined,
    onRoom: () => undefined,
    retire: () => undefined,
    onEmpty: () => undefined,
  };
  const partitions = leaders.map((leader, index) => {
    const partition = new Partition('topic', index, context);
    partition.leader = leader;
    return partition;
  });
  const distributor = new Distributor('topic', RECORDS.bytes, { ...OPTIONS, ...options });
  distributor.learn(partitions);
  const known = new Set<unknown>();
  return {
    partitions,
    distributor,
    send: (frames, arrivedMs = NOW) => {
      const batch = batchOfRun('topic', frames, arrivedMs);
      const ended: Ended[] = [];
      const delivery = new Delivery(batch, (all) => ended.push(...all), NOW);
      distributor.encode(delivery);
      const poisoned = delivery.parts.filter(({ fate }) => fate).length;
      // Acknowledges the rest, so that the delivery ends and tells what was poisoned.
      for (const part of delivery.parts)
        if (!part.fate && poisoned > 0) delivery.settle(part, { kind: 'acknowledged', maybeTwice: false });
      return ended;
    },
    counts: () =>
      partitions.map((partition) => {
        const fresh = partition.parts().filter((part) => !known.has(part));
        fresh.forEach((part) => known.add(part));
        return fresh.reduce((sum, { count }) => sum + count, 0);
      }),
  };
};

const keyless = (): Buffer => encodeFrame('topic', 'm');
const withKey = (key: string): Buffer => encodeFrame('topic', 'm', key);
const nullKey = (): Buffer => encodeRecord('topic', 'm');
const emptyKey = (): Buffer => encodeRecord('topic', 'm', { key: '' });

/** Messages that are poison, with the reason. */
const poison = (ended: readonly Ended[]): readonly (readonly [string, readonly string[]])[] =>
  ended.flatMap(({ batch, fate }) =>
    fate.kind === 'failed' ? [[fate.cause.message, messagesOf(batch)] as const] : [],
  );

const usedBy = (counts: readonly number[]): number => counts.filter((count) => count > 0).length;

/** Whether `counts` are what chance makes of an even spread: within five standard deviations each. */
const expectEven = (counts: readonly number[]): void => {
  const all = counts.reduce((sum, count) => sum + count, 0);
  const share = 1 / counts.length;
  const deviation = Math.sqrt(all * share * (1 - share));
  for (const count of counts) expect(Math.abs(count - all * share)).toBeLessThan(5 * deviation);
};

describe('Distributor', () => {
  describe('sends a key to the partition of its hash', () => {
    it.each(['consistent', 'consistent_random', 'murmur2', 'murmur2_random', 'fnv1a', 'fnv1a_random'] as const)(
      'by %s, in a version 1 frame and in a record alike, one key at a time',
      (partitioner) => {
        const { send, counts } = setUp({ partitioner }, [1, 1, 1, 1, 1, 1, 1]);
        const used = new Set<number>();
        for (let n = 0; n < 50; n += 1) {
          send([withKey(`key-${n}`), encodeRecord('topic', 'm', { key: `key-${n}` }), withKey(`key-${n}`)]);
          const found = counts();
          expect([...found].sort()).toEqual([0, 0, 0, 0, 0, 0, 3]);
          used.add(found.indexOf(3));
        }
        expect(used.size).toBe(7);
      },
    );

    it('even where that has no leader', () => {
      const { send, counts } = setUp({}, [-1, 1, 1]);
      send([withKey('a')]);
      expect(counts()).toEqual([1, 0, 0]);
    });
  });

  describe('treats what has no key as librdkafka does', () => {
    it.each(['consistent', 'murmur2', 'fnv1a'] as const)('by %s: all to one partition', (partitioner) => {
      const { send, counts } = setUp({ partitioner, stickyLingerMs: 0 });
      for (let n = 0; n < 40; n += 1) send([keyless(), nullKey(), emptyKey()]);
      expect(usedBy(counts())).toBe(1);
    });

    it('by consistent_random: null and empty to any', () => {
      const { send, counts } = setUp({ stickyLingerMs: 0 });
      for (const message of [keyless, nullKey, emptyKey]) {
        for (let n = 0; n < 3000; n += 1) send([message()]);
        expectEven(counts());
      }
    });

    it.each(['murmur2_random', 'fnv1a_random'] as const)('by %s: null to any, empty to one', (partitioner) => {
      const { send, counts } = setUp({ partitioner, stickyLingerMs: 0 });
      for (const message of [keyless, nullKey]) {
        for (let n = 0; n < 3000; n += 1) send([message()]);
        expectEven(counts());
      }
      for (let n = 0; n < 100; n += 1) send([emptyKey()]);
      expect(usedBy(counts())).toBe(1);
    });

    it('by random: everything with a key to any each, null stays for a while', () => {
      const { send, counts } = setUp({ partitioner: 'random' });
      for (const message of [() => withKey('a'), emptyKey, () => encodeRecord('topic', 'm', { key: 'a' })]) {
        send(Array.from({ length: 3000 }, message));
        expectEven(counts());
      }
      for (let n = 0; n < 100; n += 1) send([nullKey(), keyless()]);
      expect(usedBy(counts())).toBe(1);
    });
  });

  describe('lets messages without a key stay on a partition', () => {
    it('until the linger is over, however they are spread over deliveries', () => {
      let now = NOW;
      const { send, counts } = setUp({ now: () => now, random: randomFrom(7) }, [1, 1, 1, 1, 1, 1, 1, 1, 1]);
      const held: number[] = [];
      for (let ms = 0; ms < 100; ms += 2) {
        now = NOW + ms;
        send([keyless(), nullKey()]);
        held.push(counts().indexOf(2));
      }
      const windows = Array.from({ length: 10 }, (_, n) => new Set(held.slice(5 * n, 5 * n + 5)).size);
      expect(windows).toEqual(windows.map(() => 1));
      expect(new Set(held).size).toBeGreaterThan(3);
    });

    it('until as much went there as a record batch holds, so that a burst is spread too', () => {
      const draws = [0, 0.4, 0.9];
      const { send, counts } = setUp({ random: () => draws.shift() ?? 0 });
      const half = encodeFrame('topic', 'x'.repeat(500_000));
      for (let n = 0; n < 6; n += 1) send([half]);
      expect(counts()).toEqual([2, 2, 2]);
    });

    it('but not while the clock is behind what it was', () => {
      let now = NOW;
      const draws = [0, 0.9];
      const { send, counts } = setUp({ now: () => now, random: () => draws.shift() ?? 0.4 });
      send([keyless()], 0);
      now = NOW - HOUR;
      send([keyless()], 0);
      expect(counts()).toEqual([1, 0, 1]);
    });

    it('that has a leader, and leaves it with its leader', () => {
      const { send, counts, partitions, distributor } = setUp({}, [-1, 1, -1]);
      send([keyless()]);
      expect(counts()).toEqual([0, 1, 0]);
      partitions.forEach((partition, index) => (partition.leader = index === 2 ? 1 : -1));
      distributor.learn(partitions);
      send([keyless()]);
      expect(counts()).toEqual([0, 0, 1]);
    });

    it('any, where none has a leader', () => {
      const { send, counts } = setUp({ stickyLingerMs: 0 }, [-1, -1, -1]);
      send(Array.from({ length: 3000 }, keyless));
      expectEven(counts());
    });

    it('each as often as any other in the long run', () => {
      let now = NOW;
      const { send, counts } = setUp({ now: () => now });
      const turns = [0, 0, 0];
      for (let window = 0; window < 1000; window += 1) {
        now += 10;
        send([keyless(), keyless()]);
        counts().forEach((count, index) => (turns[index] = (turns[index] ?? 0) + count / 2));
      }
      expectEven(turns);
    });

    it('and with a linger of 0 on none: each message is drawn alone, neighbours too', () => {
      const { send, partitions } = setUp({ stickyLingerMs: 0 });
      const delivered = Array.from({ length: 3000 }, (_, n) => encodeFrame('topic', `${n}`));
      send(delivered);
      const places = new Map<string, number>();
      partitions.forEach((partition, index) => {
        const [part] = partition.parts();
        if (part)
          for (const { start, end, frames } of part.delivery.messagesOf(part))
            places.set(frames.bytes.toString('latin1', start + 11, end), index);
      });
      const order = delivered.map((_, n) => places.get(`${n}`) ?? -1);
      const pairs = new Array<number>(9).fill(0);
      order.slice(1).forEach((place, n) => {
        const pair = 3 * (order[n] ?? 0) + place;
        pairs[pair] = (pairs[pair] ?? 0) + 1;
      });
      expectEven(pairs);
    });
  });

  describe('obeys a record that names its partition', () => {
    it('with a key or without', () => {
      const { send, counts } = setUp();
      send([encodeRecord('topic', 'm', { key: 'a', partition: 2 }), encodeRecord('topic', 'm', { partition: 1 })]);
      expect(counts()).toEqual([0, 1, 1]);
    });

    it('unless there is none of that number', () => {
      const { send } = setUp();
      const negative = encodeRecord('topic', 'negative', { partition: 0 });
      // Behind length, head, bucket and key length.
      negative.writeInt32LE(-1, 4 + 4 + 5 + 2);
      const ended = send([encodeRecord('topic', 'beyond', { partition: 3 }), negative, withKey('a')]);
      expect(poison(ended)).toEqual([
        ['partition 3 does not exist: topic topic has 3, from 0 to 2', ['beyond']],
        ['partition -1 does not exist: topic topic has 3, from 0 to 2', ['negative']],
      ]);
    });
  });

  describe('refuses', () => {
    const TOO_LARGE = 'message is larger than message.max.bytes (100)';
    const AHEAD = 'timestamp is more than an hour ahead of this host’s clock';

    it('what is larger than message.max.bytes with its key and headers, and nothing else', () => {
      const { send } = setUp({ messageMaxBytes: 100 });
      const value = 'v'.repeat(50);
      const ended = send([
        encodeFrame('topic', value, 'k'.repeat(50)),
        encodeFrame('topic', `1${value}`, 'k'.repeat(50)),
        encodeRecord('topic', value, { key: 'k'.repeat(50), timestampMs: NOW, partition: 0 }),
        encodeRecord('topic', `2${value}`, { key: 'k'.repeat(50) }),
        // A header takes six bytes beside its name and value.
        encodeRecord('topic', value, { headers: [['n', 'v'.repeat(43)]] }),
        encodeRecord('topic', `3${value}`, { headers: [['n', 'v'.repeat(43)]] }),
      ]);
      expect(poison(ended)).toEqual([[TOO_LARGE, [`1${value}`, `2${value}`, `3${value}`]]]);
    });

    it('timestamps more than an hour ahead or before 1970: the record’s, or the time of arrival', () => {
      const { send } = setUp();
      const negative = encodeRecord('topic', 'negative', { timestampMs: 0 });
      negative.writeBigInt64LE(-1n, 4 + 4 + 5 + 2);
      const ended = send([
        encodeRecord('topic', 'now', { timestampMs: NOW + HOUR }),
        encodeRecord('topic', 'ahead', { timestampMs: NOW + HOUR + 1 }),
        encodeRecord('topic', '1970', { timestampMs: 0 }),
        negative,
      ]);
      expect(poison(ended)).toEqual([
        [AHEAD, ['ahead']],
        ['timestamp is negative, expected milliseconds since 1970', ['negative']],
      ]);
      const late = send(
        [keyless(), nullKey(), encodeRecord('topic', 'own', { timestampMs: NOW }), keyless()],
        NOW + HOUR + 1,
      );
      expect(poison(late)).toEqual([[AHEAD, ['m', 'm', 'm']]]);
    });
  });
});
