import { createLedger } from '../../src/control/ledger';
import { batchOf, outcomeOf } from '../support/builders';

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

  it('lets the buckets past its bound share a row', () => {
    const ledger = createLedger(2);
    for (const bucket of ['a', 'b', 'c', 'd']) ledger.received(bucket, ['s'])(1);
    expect(ledger.rows().map(({ bucket, received }) => [bucket, received])).toEqual([
      ['a', 1],
      ['b', 1],
      ['(other)', 2],
    ]);
  });

  it('takes bucket names that are names of object properties', () => {
    const ledger = createLedger();
    ledger.received('__proto__', ['constructor'])(1);
    expect(ledger.rows()).toEqual([
      expect.objectContaining({ bucket: '__proto__', stream: 'constructor', received: 1 }),
    ]);
  });
});
