import { createLedger } from '../../src/control/ledger';
import { emptyRow } from '../../src/model';
import { batchOf, outcomeOf } from '../../src/testing/builders';

describe('createLedger', () => {
  it('is empty before anything comes', () => {
    expect(createLedger().rows()).toEqual([]);
  });

  it('books what comes as held on every stream, and what settles in its column', () => {
    const ledger = createLedger();
    const batch = batchOf('b', ['1', '2', '3', '4', '5']);
    ledger.received('b', ['kafka', 'copy'])(5);
    ledger.settled({
      batch,
      outcomes: [
        outcomeOf('kafka', batch, {
          delivered: 1,
          backedUp: 1,
          deadLettered: 1,
          sampledOut: 1,
          dropped: [{ reason: 'poison', count: 1 }],
          duplicatesPossible: 1,
        }),
      ],
    });
    expect(ledger.rows()).toEqual([
      {
        bucket: 'b',
        stream: 'kafka',
        received: 5,
        recovered: 0,
        delivered: 1,
        backedUp: 1,
        deadLettered: 1,
        sampledOut: 1,
        dropped: { poison: 1 },
        duplicatesPossible: 1,
        held: 0,
      },
      expect.objectContaining({ bucket: 'b', stream: 'copy', received: 5, held: 5 }),
    ]);
  });

  it('books what no bucket took under (none)', () => {
    const ledger = createLedger();
    ledger.refused('malformed', 2);
    ledger.refused('malformed', 1);
    ledger.refused('truncated', 1);
    expect(ledger.rows()).toEqual([
      expect.objectContaining({ bucket: '(none)', received: 4, dropped: { malformed: 3, truncated: 1 }, held: 0 }),
    ]);
  });

  it('books what an earlier process accepted as recovered and held, all of it maybe twice', () => {
    const ledger = createLedger();
    ledger.recovered('b', ['kafka'])(3);
    expect(ledger.rows()).toEqual([{ ...emptyRow('b', 'kafka'), recovered: 3, held: 3, duplicatesPossible: 3 }]);
  });

  it('moves what is sent on from the backup to where it goes', () => {
    const ledger = createLedger();
    const batch = batchOf('b', ['1', '2', '3']);
    ledger.found('b', 'kafka', 4);
    ledger.replayed(outcomeOf('kafka', batch, { delivered: 2, deadLettered: 1, duplicatesPossible: 2 }));
    expect(ledger.rows()).toEqual([
      { ...emptyRow('b', 'kafka'), recovered: 4, backedUp: 1, delivered: 2, deadLettered: 1, duplicatesPossible: 2 },
    ]);
  });

  it('keeps the state of every stream, and of topics while they are not closed', () => {
    const ledger = createLedger(10, () => 7);
    expect(ledger.states()).toEqual([]);
    const open = { state: 'open', cause: 'no broker' } as const;
    const closed = { state: 'closed' } as const;
    ledger.state('kafka', undefined, open);
    ledger.state('kafka', 'b', open);
    ledger.state('kafka', 'c', { state: 'halfOpen' });
    expect(ledger.states()).toEqual([
      { stream: 'kafka', breaker: open, sinceMs: 7 },
      { stream: 'kafka', bucket: 'b', breaker: open, sinceMs: 7 },
      { stream: 'kafka', bucket: 'c', breaker: { state: 'halfOpen' }, sinceMs: 7 },
    ]);
    ledger.state('kafka', undefined, closed);
    ledger.state('kafka', 'b', closed);
    ledger.state('kafka', 'c', closed);
    expect(ledger.states()).toEqual([{ stream: 'kafka', breaker: closed, sinceMs: 7 }]);
  });

  it('lets the buckets past its bound share a row', () => {
    const ledger = createLedger(2);
    for (const bucket of ['a', 'b', 'c', 'd']) ledger.received(bucket, ['s'])(1);
    expect(ledger.rows().map(({ bucket, received }) => [bucket, received])).toEqual([
      ['a', 1],
      ['b', 1],
      ['(other)', 2],
    ]);
  });

  it('books what comes out of a backup where it was booked when it went in, whatever its name is there', () => {
    for (const maxBuckets of [10, 1]) {
      const ledger = createLedger(maxBuckets);
      const batch = batchOf('b', ['1', '2', '3']);
      ledger.received('b', ['s'])(3);
      ledger.settled({
        batch,
        outcomes: [
          outcomeOf('s', batch, {
            backedUp: 3,
            backedUpAs: new Map([
              ['x', 1],
              ['y', 1],
            ]),
          }),
        ],
      });
      ledger.replayed(outcomeOf('s', batchOf('b', ['1']), { delivered: 1 }));
      ledger.replayed(outcomeOf('s', batchOf('y', ['3']), { dropped: [{ reason: 'poison', count: 1 }] }));
      expect(ledger.rows()).toEqual([
        { ...emptyRow('b', 's'), received: 3, delivered: 1, dropped: { poison: 1 }, backedUp: 1 },
      ]);
      // What an earlier process left under that name is booked there.
      ledger.found('x', 's', 1);
      ledger.replayed(
        outcomeOf('s', batchOf('x', ['2', '0']), { delivered: 1, deadLettered: 1, duplicatesPossible: 1 }),
      );
      expect(ledger.rows()).toEqual([
        { ...emptyRow('b', 's'), received: 3, delivered: 2, dropped: { poison: 1 }, duplicatesPossible: 1 },
        { ...emptyRow(maxBuckets === 1 ? '(other)' : 'x', 's'), recovered: 1, deadLettered: 1 },
      ]);
    }
  });

  it('takes bucket names that are names of object properties', () => {
    const ledger = createLedger();
    ledger.received('__proto__', ['constructor'])(1);
    expect(ledger.rows()).toEqual([
      expect.objectContaining({ bucket: '__proto__', stream: 'constructor', received: 1 }),
    ]);
  });
});
