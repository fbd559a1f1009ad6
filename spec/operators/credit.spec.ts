import { of } from 'rxjs';
import { createHeld } from '../../src/control/held';
import { createLedger } from '../../src/control/ledger';
import type { Batch, Blocks, Origin, Outcome, Settled } from '../../src/model';
import { unshared } from '../../src/operators/blocks';
import { credit } from '../../src/operators/credit';
import { anOrigin, frames, memoryLog, outcomeOf } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

const notedBlocks = (): Blocks & { readonly back: Buffer[] } => {
  const back: Buffer[] = [];
  return { ...unshared, back, giveBack: (block) => void back.push(block) };
};

const setUp = () => {
  const mine = anOrigin();
  const other = anOrigin();
  const runs = [frames('b', ['1', '2'], mine), frames('b', ['3'], other)];
  const bytes = runs.reduce((sum, run) => sum + run.bytes.length, 0);
  const batch: Batch = { bucket: 'b', frames: runs, count: 3, bytes, closedBy: 'count' };
  const env = {
    held: createHeld({ high: 1000, low: 500 }),
    ledger: createLedger(),
    log: memoryLog(),
    blocks: notedBlocks(),
  };
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

  it('gives back messages by what the batch owes, where runs of several connections became one', () => {
    const { mine, other, batch, env } = setUp();
    const debts = [
      { origin: mine, count: 2 },
      { origin: other, count: 1 },
    ];
    const merged: Batch = { ...batch, frames: [frames('b', ['1', '2', '3'], mine)], debts };
    of({ batch: merged, outcomes: [outcomeOf('kafka', merged, { backedUp: 3 })] })
      .pipe(credit(env))
      .subscribe();
    expect([mine.open, mine.worst, other.open, other.worst]).toEqual([3, 1, 0, 1]);
  });

  it('tells an epoch that is settled, when all else of it is booked, and before its memory may be written to', () => {
    const { mine, other, batch, env } = setUp();
    const log: string[] = [];
    const note = (whose: string, origin: Origin) => (): void => {
      log.push(
        `${whose}: ${origin.open} open, ${origin.worst}, ${env.held.bytes} held, ${env.blocks.back.length} back`,
      );
    };
    mine.settled = note('mine', mine);
    other.settled = note('other', other);
    of({ batch: { ...batch, blocks: [unshared.lend(10)] }, outcomes: [outcomeOf('kafka', batch, { delivered: 3 })] })
      .pipe(credit(env))
      .subscribe();
    expect(log).toEqual(['other: 0 open, 0, 0 held, 0 back']);
    expect(env.blocks.back).toHaveLength(1);
  });

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

  describe('the blocks of a batch', () => {
    const block = unshared.lend(10);
    const settleWith = (...parts: readonly Partial<Outcome>[]): readonly Buffer[] => {
      const { batch, env } = setUp();
      const outcomes = parts.map((part, i) => outcomeOf(`stream ${i}`, batch, part));
      of({ batch: { ...batch, blocks: [block] }, outcomes })
        .pipe(credit(env))
        .subscribe();
      return env.blocks.back;
    };

    it('are given back when all streams have delivered it', () => {
      expect(settleWith({ delivered: 3 }, { delivered: 1, sampledOut: 2 })[0]).toBe(block);
      expect(settleWith()).toHaveLength(1);
    });

    it.each<Partial<Outcome>>([
      { delivered: 2, backedUp: 1 },
      { delivered: 2, deadLettered: 1 },
      { delivered: 2, dropped: [{ reason: 'gave_up', count: 1 }] },
      { delivered: 3, duplicatesPossible: 1 },
    ])('are left to the garbage collector where a write may still read them: %j', (outcome) => {
      expect(settleWith({ delivered: 3 }, outcome)).toEqual([]);
    });

    it('are given back after all else, since they are written to at once', () => {
      const { batch, env } = setUp();
      const seen: number[] = [];
      const blocks = { ...unshared, giveBack: () => void seen.push(env.held.bytes) };
      const outcomes = [outcomeOf('kafka', batch, { delivered: 3 }), outcomeOf('copy', batch, { delivered: 3 })];
      of({ batch: { ...batch, blocks: [block] }, outcomes })
        .pipe(credit({ ...env, blocks }))
        .subscribe();
      expect(seen).toEqual([0]);
    });
  });
});
