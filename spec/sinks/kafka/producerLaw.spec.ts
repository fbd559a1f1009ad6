import * as fc from 'fast-check';
import { Subject } from 'rxjs';
import type { Batch } from '../../../src/model';
import { encodeFrame } from '../../../src/wire/frame';
import { encodeRecord } from '../../../src/wire/record';
import { batchOfRun, messagesOf } from '../../../src/testing/builders';
import { createHeld } from '../../../src/control/held';
import type { Doing } from './fakeBrokers';
import { openFake, type Written } from './openFake';

/** A batch of runs of messages named by their number, over a few keys in each of three partitions. */
const KEYS = ['a', 'key-2', 'user:42', 'k'.repeat(24), 'b', 'key-1'];

/** How a message is written: as a version 1 frame or a record, of which one form names its partition. */
type Form = 'frame' | 'record' | 'headers' | 'partition';

interface Step {
  readonly kind: 'write' | 'give up' | 'turn' | 'time';
  readonly messages: readonly { readonly key: number; readonly form: Form }[];
  readonly group: number;
}

const anyStep: fc.Arbitrary<Step> = fc.record({
  kind: fc.oneof(
    { arbitrary: fc.constant('write' as const), weight: 5 },
    { arbitrary: fc.constant('turn' as const), weight: 3 },
    { arbitrary: fc.constant('give up' as const), weight: 1 },
    { arbitrary: fc.constant('time' as const), weight: 1 },
  ),
  messages: fc.array(
    fc.record({
      key: fc.nat({ max: KEYS.length - 1 }),
      form: fc.constantFrom<Form>('frame', 'record', 'headers', 'partition'),
    }),
    { minLength: 1, maxLength: 8 },
  ),
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

const encode = (key: number, form: Form, number: number): Buffer => {
  const options = { key: KEYS[key], timestampMs: number % 3 === 0 ? 5_000_000_000 * (number % 100) : undefined };
  if (form === 'frame') return encodeFrame('topic', `${number}`, KEYS[key]);
  if (form === 'record') return encodeRecord('topic', `${number}`, options);
  if (form === 'partition') return encodeRecord('topic', `${number}`, { ...options, partition: number % 3 });
  return encodeRecord('topic', `${number}`, { ...options, headers: [['h', 'x'.repeat((7 * number) % 300)]] });
};

const texts = (parts: readonly { readonly batch: Batch }[]): readonly string[] =>
  parts.flatMap(({ batch }) => messagesOf(batch));

describe('the producer, whatever brokers do and whenever writes are given up', () => {
  it('accounts for every message exactly, keeps the order of each partition and doubles nothing that it vouches for', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyStep, { maxLength: 30 }),
        fc.array(anyDoing, { maxLength: 25 }),
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 50, max: 1000 }),
        fc.boolean(),
        async (steps, doings, batchNumMessages, batchSizeBytes, tooLarge) => {
          const held = createHeld({ high: 1e9, low: 1e8 });
          const { write, turn, run, brokers } = openFake({ batchNumMessages, batchSizeBytes }, { held });
          const left = [...doings];
          // Whether a broker takes a record does not change with the attempt; what else happens does.
          brokers.doing = ({ values }) =>
            values.some(isBad) ? { code: tooLarge ? 10 : 87 } : (left.shift() ?? { code: 0 });
          const groups = [new Subject<void>(), new Subject<void>(), new Subject<void>()];
          const writes: Written[] = [];
          let number = 0;
          for (const { kind, messages, group } of steps) {
            if (kind === 'write') {
              const frames = messages.map(({ key, form }) => encode(key, form, (number += 1)));
              writes.push(write(batchOfRun('topic', frames), groups[group]));
            } else if (kind === 'give up') groups[group]?.next();
            else if (kind === 'turn') await turn();
            else await run();
          }
          await run();

          for (const { values, bytes } of brokers.arrived) {
            expect(values.length).toBeLessThanOrEqual(batchNumMessages);
            // The header of a record batch has 61 bytes.
            expect(values.length === 1 || bytes.length - 61 <= batchSizeBytes).toBe(true);
          }
          // What record batches took has been given back.
          expect(held.bytes).toBe(0);
          const stored = brokers.stored('topic');
          const counts = new Map<string, number>();
          for (const value of stored.flat()) counts.set(value, (counts.get(value) ?? 0) + 1);
          for (const { ended, batch, receipts, rest } of writes) {
            expect(ended).toBe(true);
            expect([...texts(receipts), ...texts(rest)].sort()).toEqual([...messagesOf(batch)].sort());
            for (const message of texts(receipts.filter(({ maybeTwice }) => !maybeTwice)))
              expect([message, counts.get(message)]).toEqual([message, 1]);
            for (const message of texts(receipts.filter(({ maybeTwice }) => maybeTwice)))
              expect(counts.get(message)).toBeGreaterThan(0);
            for (const message of texts(rest.filter(({ written }) => written === 'no')))
              expect([message, counts.get(message)]).toEqual([message, undefined]);
          }
          const vouched = new Set(writes.flatMap(({ receipts }) => texts(receipts)));
          for (const partition of stored) {
            // Of what is there twice, the first.
            const order = [...new Set(partition)].filter((value) => vouched.has(value)).map(Number);
            expect(order).toEqual([...order].sort((a, b) => a - b));
          }
        },
      ),
      { numRuns: 150 },
    );
  }, 120_000);
});
