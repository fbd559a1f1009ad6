import { createHeld } from '../../src/control/held';
import { createLedger } from '../../src/control/ledger';
import type { Batch, Settled } from '../../src/model';
import { credit } from '../../src/operators/credit';
import { anOrigin, frames, memoryLog, outcomeOf } from '../support/builders';
import { marbles } from '../support/marbles';

const setUp = () => {
  const mine = anOrigin();
  const other = anOrigin();
  const runs = [frames('b', ['1', '2'], mine), frames('b', ['3'], other)];
  const bytes = runs.reduce((sum, run) => sum + run.bytes.length, 0);
  const batch: Batch = { bucket: 'b', frames: runs, count: 3, bytes, closedBy: 'count' };
  const env = { held: createHeld({ high: 1000, low: 500 }), ledger: createLedger(), log: memoryLog() };
  mine.open = 5;
  other.open = 1;
  env.held.charge(bytes);
  env.ledger.received('b', ['kafka', 'copy'])(3);
  return { mine, other, batch, env };
};

describe('credit', () => {
  it('passes on what it sees, errors too', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const { batch, env } = setUp();
      const settled: Settled = { batch, outcomes: [] };
      const source = cold('  --a-#', { a: settled });
      const subs = '         ^---!';
      expectObservable(source.pipe(credit(env))).toBe('--a-#', { a: settled });
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('gives back bytes and messages, and books the outcomes', () =>
    marbles(({ cold, flush }) => {
      const { mine, other, batch, env } = setUp();
      const outcomes = [outcomeOf('kafka', batch, { delivered: 3 }), outcomeOf('copy', batch, { delivered: 3 })];
      cold('a|', { a: { batch, outcomes } }).pipe(credit(env)).subscribe();
      flush();
      expect(env.held.bytes).toBe(0);
      expect([mine.open, mine.worst, other.open, other.worst]).toEqual([3, 0, 0, 0]);
      expect(env.ledger.rows().map(({ stream, delivered, held }) => ({ stream, delivered, held }))).toEqual([
        { stream: 'kafka', delivered: 3, held: 0 },
        { stream: 'copy', delivered: 3, held: 0 },
      ]);
      expect(env.log.lines).toEqual([]);
    }));

  it('raises the worst that a connection met to the worst of the streams, and logs what was dropped', () =>
    marbles(({ cold, flush }) => {
      const { mine, other, batch, env } = setUp();
      const backedUp = [outcomeOf('kafka', batch, { backedUp: 3 }), outcomeOf('copy', batch, { delivered: 3 })];
      const dropped = [outcomeOf('kafka', batch, { dropped: [{ reason: 'poison', count: 3 }] })];
      const worst: number[] = [];
      cold('ab|', { a: { batch, outcomes: backedUp }, b: { batch, outcomes: dropped } })
        .pipe(credit(env))
        .subscribe(() => worst.push(mine.worst, other.worst));
      flush();
      expect(worst).toEqual([1, 1, 2, 2]);
      expect(env.log.lines).toEqual([
        {
          level: 'error',
          message: 'messages dropped',
          fields: { bucket: 'b', stream: 'kafka', reason: 'poison', count: 3 },
        },
      ]);
    }));
});
