import { createLedger } from '../../../src/control/ledger';
import { watchLedger } from '../../../src/control/status/watchLedger';
import { batchOf, frames, outcomeOf } from '../../../src/testing/builders';

describe('watchLedger', () => {
  it('books as the ledger does, and tells what was booked', () => {
    const told: unknown[] = [];
    const ledger = createLedger();
    const watched = watchLedger(ledger, {
      settled: ({ batch }) => told.push(['settled', batch.count]),
      replayed: ({ delivered }) => told.push(['replayed', delivered]),
      refused: (reason, count, run) => told.push([reason, count, run?.bucket]),
    });
    const batch = batchOf('b', ['one', 'two']);
    watched.received('b', ['s'])(2);
    watched.settled({ batch, outcomes: [outcomeOf('s', batch, { backedUp: 2 })] });
    watched.replayed(outcomeOf('s', batch, { delivered: 2 }));
    watched.refused('malformed', 1);
    watched.refused('no_such_bucket', 3, frames('c', ['m']));
    watched.state('s', undefined, { state: 'open', cause: 'gone' });
    expect(told).toEqual([
      ['settled', 2],
      ['replayed', 2],
      ['malformed', 1, undefined],
      ['no_such_bucket', 3, 'c'],
    ]);
    expect(watched.rows()).toEqual(ledger.rows());
    expect(ledger.rows()).toEqual([
      expect.objectContaining({ bucket: 'b', received: 2, delivered: 2, backedUp: 0, held: 0 }),
      expect.objectContaining({ bucket: '(none)', dropped: { malformed: 1, no_such_bucket: 3 } }),
    ]);
    expect(watched.states()).toEqual([expect.objectContaining({ stream: 's' })]);
  });
});
