import * as fc from 'fast-check';
import { Subject } from 'rxjs';
import type { Batch } from '../../../src/model';
import { encodeFrame } from '../../../src/wire/frame';
import { anOrigin, messagesOf } from '../../support/builders';
import type { Doing } from './fakeBrokers';
import { openFake, type Written } from './openFake';

/** A batch of runs of messages named by their number, over a few keys in each of three partitions. */
const KEYS = ['a', 'key-2', 'user:42', 'k'.repeat(24), 'b', 'key-1'];

interface Step {
  readonly kind: 'write' | 'give up' | 'turn' | 'time';
  readonly keys: readonly number[];
  readonly group: number;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { arbitrary: fc.constant('write' as const), weight: 5 },
    { arbitrary: fc.constant('turn' as const), weight: 3 },
    { arbitrary: fc.constant('give up' as const), weight: 1 },
    { arbitrary: fc.constant('time' as const), weight: 1 },
  ),
  keys: fc.array(fc.nat({ max: KEYS.length - 1 }), { minLength: 1, maxLength: 8 }),
  group: fc.nat({ max: 2 }),
});

const anyDoing: fc.Arbitrary<Doing> = fc.oneof(
  { arbitrary: fc.constant<Doing>({ code: 0 }), weight: 6 },
  { arbitrary: fc.constantFrom<Doing>({ lost: 'before' }, { lost: 'after' }, { leftOut: true }), weight: 3 },
  { arbitrary: fc.constantFrom(6, 7, 19, 20, 45).map((code): Doing => ({ code })), weight: 3 },
  { arbitrary: fc.constantFrom(7, 20).map((code): Doing => ({ code, append: true })), weight: 2 },
);

/** Every eleventh message is one that no broker takes. */
const isBad = (value: string): boolean => Number(value) % 11 === 0;

const texts = (parts: readonly { readonly batch: Batch }[]): readonly string[] =>
  parts.flatMap(({ batch }) => messagesOf(batch));

describe('the producer, whatever brokers do and whenever writes are given up', () => {
  it('accounts for every message exactly, keeps the order of each partition and doubles nothing that it vouches for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { maxLength: 30 }),
        fc.array(anyDoing, { maxLength: 25 }),
        fc.integer({ min: 1, max: 6 }),
        fc.boolean(),
        async (steps, doings, batchNumMessages, tooLarge) => {
          const { write, turn, run, brokers } = openFake({ batchNumMessages });
          const left = [...doings];
          // Whether a broker takes a record does not change with the attempt; what else happens does.
          brokers.doing = ({ values }) =>
            values.some(isBad) ? { code: tooLarge ? 10 : 87 } : (left.shift() ?? { code: 0 });
          const groups = [new Subject<void>(), new Subject<void>(), new Subject<void>()];
          const writes: Written[] = [];
          let number = 0;
          for (const { kind, keys, group } of steps) {
            if (kind === 'write') {
              const frames = keys.map((key) => encodeFrame('topic', `${(number += 1)}`, KEYS[key]));
              const bytes = Buffer.concat(frames);
              const all = { bucket: 'topic', bytes, count: keys.length, arrivedMs: 0, origin: anOrigin() };
              const batch: Batch = {
                bucket: 'topic',
                frames: [all],
                count: keys.length,
                bytes: bytes.length,
                closedBy: 'count',
              };
              writes.push(write(batch, groups[group]));
            } else if (kind === 'give up') groups[group]?.next();
            else if (kind === 'turn') await turn();
            else await run();
          }
          await run();

          const stored = brokers.stored('topic');
          const counts = new Map<string, number>();
          for (const value of stored.flat()) counts.set(value, (counts.get(value) ?? 0) + 1);
          for (const { ended, batch, receipts, rest } of writes) {
            expect(ended).toBe(true);
            expect([...texts(receipts), ...texts(rest)].sort()).toEqual([...messagesOf(batch)].sort());
            for (const message of texts(receipts)) expect([message, counts.get(message)]).toEqual([message, 1]);
            for (const message of texts(rest.filter(({ written }) => written === 'no')))
              expect([message, counts.get(message)]).toEqual([message, undefined]);
          }
          const vouched = new Set(writes.flatMap(({ receipts }) => texts(receipts)));
          for (const partition of stored) {
            const order = partition.filter((value) => vouched.has(value)).map(Number);
            expect(order).toEqual([...order].sort((a, b) => a - b));
          }
        },
      ),
      { numRuns: 150 },
    );
  }, 120_000);
});
