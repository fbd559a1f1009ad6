import { batchOf } from '../../../src/testing/builders';
import { encodeFrame } from '../../../src/wire/frame';
import { anOrigin } from '../../../src/testing/builders';
import type { Batch } from '../../../src/model';
import type { Doing } from './fakeBrokers';
import { openFake, outcomeOf } from './openFake';

/** All with the same key, so that they share a record batch. */
const together = (...messages: string[]): Batch => {
  const bytes = Buffer.concat(messages.map((message) => encodeFrame('topic', message, 'a')));
  const frames = [{ bucket: 'topic', bytes, count: messages.length, arrivedMs: 0, origin: anOrigin() }];
  return { bucket: 'topic', frames, count: messages.length, bytes: bytes.length, closedBy: 'count' };
};

/** Does each of `first` once, in order, and then takes everything. */
const then = (...first: Doing[]): (() => Doing) => {
  const left = [...first];
  return () => left.shift() ?? { code: 0 };
};

describe('a record batch that may have been written', () => {
  it.each([
    ['halved', [{ code: 10 }]],
    ['rid of a record', [{ code: 87, records: [2] }]],
    ['halved, damaged again and again', [{ code: 2 }, { code: 2 }]],
  ])('goes on under another producer id when it is %s', async (_, answers: Doing[]) => {
    const { write, run, brokers } = openFake();
    brokers.doing = then({ lost: 'after' }, ...answers);
    const written = write(together('1', '2', '3'));
    await run();
    expect(outcomeOf(written).filter(([how]) => how === 'delivered')).toEqual([]);
    expect(
      outcomeOf(written)
        .flatMap(([, messages]) => messages)
        .sort(),
    ).toEqual(['1', '2', '3']);
    expect(new Set(brokers.arrived.map(({ producerId }) => producerId)).size).toBe(2);
  });

  it.each([17, 10])('is in doubt still when %d says that it never will be', async (code) => {
    const { write, run, brokers } = openFake();
    brokers.doing = then({ lost: 'after' }, { code });
    const written = write(batchOf('topic', ['1']));
    await run();
    expect(outcomeOf(written)).toEqual([['poison unknown', ['1']]]);
    write(batchOf('topic', ['2']));
    await run();
    expect(brokers.stored('topic').flat()).toContain('2');
  });
});
