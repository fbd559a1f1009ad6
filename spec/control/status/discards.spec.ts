import { createDiscards, prefixOf, type DiscardsOptions } from '../../../src/control/status/discards';
import { encodeFrame } from '../../../src/wire/frame';
import { batchOf, frames, outcomeOf } from '../../../src/testing/builders';

const discardsWith = (options: Partial<DiscardsOptions> = {}) => {
  let now = 0;
  return createDiscards({ showMessages: false, now: () => (now += 1), hide: (text) => text, ...options });
};

describe('prefixOf', () => {
  it.each([
    ['plain', 'plain'],
    ['', ''],
    ['<b>"\\', '<b>"\\x5c'],
    ['é\n\0', '\\xc3\\xa9\\x0a\\x00'],
    ['x'.repeat(64), 'x'.repeat(64)],
    ['x'.repeat(65), `${'x'.repeat(64)}…`],
  ])('of %j is %j', (message, prefix) => expect(prefixOf(encodeFrame('b', message))).toBe(prefix));

  it('is of the first message', () => expect(prefixOf(frames('b', ['one', 'two']).bytes)).toBe('one'));
  it('is nothing where there is no message', () => expect(prefixOf(Buffer.alloc(0))).toBeUndefined());
});

describe('createDiscards', () => {
  it('has nothing to tell at first', () => expect(discardsWith().list()).toEqual([]));

  it('counts what was dropped, by bucket, stream and reason, the latest first', () => {
    const discards = discardsWith();
    const batch = batchOf('b', ['one', 'two', 'three']);
    const dropped = (reason: string, count: number) => outcomeOf('s', batch, { dropped: [{ reason, count }] });
    discards.outcome(outcomeOf('s', batch, { delivered: 3 }));
    discards.outcome(dropped('poison', 1));
    discards.outcome(dropped('unavailable', 3));
    discards.outcome(dropped('poison', 2));
    expect(discards.list()).toEqual([
      { bucket: 'b', stream: 's', reason: 'poison', count: 3, firstMs: 1, lastMs: 3 },
      { bucket: 'b', stream: 's', reason: 'unavailable', count: 3, firstMs: 2, lastMs: 2 },
    ]);
  });

  it('counts what no bucket took under its name, where it is known', () => {
    const discards = discardsWith();
    discards.refused('malformed', 1);
    discards.refused('no_such_bucket', 2, frames('typo', ['one', 'two']));
    expect(discards.list()).toEqual([
      { bucket: 'typo', stream: '(none)', reason: 'no_such_bucket', count: 2, firstMs: 2, lastMs: 2 },
      { bucket: '(none)', stream: '(none)', reason: 'malformed', count: 1, firstMs: 1, lastMs: 1 },
    ]);
  });

  it('shows how the first of them begins only where that is allowed, and no secret', () => {
    const run = frames('typo', ['secret', 'two']);
    const quiet = discardsWith();
    quiet.refused('no_such_bucket', 2, run);
    expect(quiet.list()[0]).not.toHaveProperty('prefix');
    const open = discardsWith({ showMessages: true, hide: (text) => text.replace('secret', '***') });
    open.refused('no_such_bucket', 2, run);
    open.refused('no_such_bucket', 1, frames('typo', ['three']));
    expect(open.list()).toEqual([expect.objectContaining({ count: 3, prefix: '***' })]);
  });

  it('shows no message where only some of a batch were dropped: which is not known', () => {
    const discards = discardsWith({ showMessages: true });
    const batch = batchOf('b', ['one', 'two']);
    discards.outcome(outcomeOf('s', batch, { delivered: 1, dropped: [{ reason: 'poison', count: 1 }] }));
    expect(discards.list()[0]).not.toHaveProperty('prefix');
    discards.outcome(outcomeOf('s', batch, { dropped: [{ reason: 'poison', count: 2 }] }));
    expect(discards.list()[0]).toHaveProperty('prefix', 'one');
  });

  it('keeps 200 entries: what clients call other buckets is counted together', () => {
    const discards = discardsWith({ showMessages: true });
    for (let n = 0; n < 1000; n += 1) discards.refused('no_such_bucket', 1, frames(`bucket ${n}`, ['m']));
    discards.refused('no_such_bucket', 1, frames('bucket 7', ['m']));
    const list = discards.list();
    expect(list).toHaveLength(201);
    expect(list.reduce((sum, { count }) => sum + count, 0)).toBe(1001);
    expect(list[0]).toMatchObject({ bucket: 'bucket 7', count: 2 });
    expect(list[1]).toMatchObject({ bucket: '(other)', count: 800 });
    expect(list[1]).not.toHaveProperty('prefix');
  });
});
