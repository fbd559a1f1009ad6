import { EMPTY, map, NEVER, of, shareReplay, throwError, timer, type Observable } from 'rxjs';
import { SinkError, type Batch, type Outcome, type Write } from '../../../src/model';
import {
  replayFile,
  type FileEvent,
  type ReplayFileOptions,
  type WindowReader,
} from '../../../src/pipelines/replay/replayFile';
import type { Window } from '../../../src/spool/spoolReader';
import { batchOf, delivered, outcomeOf, unavailable } from '../../../src/testing/builders';
import { marbles, type Marbles } from '../../../src/testing/marbles';
import { failsWhenTold } from '../../support/writes';

const batchA = batchOf('a', ['1', '2']);
const batchB = batchOf('b', ['3']);

type WindowEvent = Extract<FileEvent, { kind: 'window' }>;

const windowOf = (start: number, batches: readonly Batch[], maybeTwice = false): Window => ({
  ...{ batches, start, end: start + 10, maybeTwice },
});

/** A reader that needs 1 ms a window, and what was asked of it. */
const readerOf = ({ scheduler }: Marbles, windows: readonly Window[]) => {
  const left = [...windows];
  const reader: WindowReader = { next: () => timer(1, scheduler).pipe(map(() => left.shift())) };
  return { reader, left };
};

const options = ({ scheduler }: Marbles, parts: Partial<ReplayFileOptions> = {}): ReplayFileOptions => ({
  ...{ stream: 's', write: takes, rate: 1, stop$: NEVER, giveUp$: NEVER, scheduler },
  ...parts,
});

const takes: Write = (batch) => of(delivered(batch));
const slow =
  ({ scheduler }: Marbles, ms: number): Write =>
  (batch) =>
    timer(ms, scheduler).pipe(map(() => delivered(batch)));

const event = (start: number, batches: readonly Batch[]): WindowEvent => ({
  ...{ kind: 'window', start, end: start + 10, left: [] },
  outcomes: batches.map((batch) => outcomeOf('s', batch, { delivered: batch.count })),
});
const replayed = <A>(source$: Observable<A>): Observable<A> =>
  source$.pipe(shareReplay({ bufferSize: 1, refCount: false }));
const end: FileEvent = { kind: 'end' };
const a = event(0, [batchA]);
const b = event(10, [batchB]);
/** Nothing is settled, and all may be there. */
const doubtful = (batch: Batch): Outcome => outcomeOf('s', batch, { duplicatesPossible: batch.count });

describe('replayFile', () => {
  it('never ends while the reader does not answer', () =>
    marbles((m) => {
      m.expectObservable(replayFile({ next: () => NEVER }, options(m))).toBe('-');
    }));

  it('of an empty file: only its end', () =>
    marbles((m) => {
      m.expectObservable(replayFile(readerOf(m, []).reader, options(m))).toBe('-(e|)', { e: end });
    }));

  it('sends one window, all its buckets at once', () =>
    marbles((m) => {
      const both = event(0, [batchA, batchB]);
      const { reader } = readerOf(m, [windowOf(0, [batchA, batchB])]);
      m.expectObservable(replayFile(reader, options(m, { write: slow(m, 3) }))).toBe('----a(e|)', { a: both, e: end });
    }));

  it('sends the next window when the one before is settled', () =>
    marbles((m) => {
      const { reader } = readerOf(m, [windowOf(0, [batchA]), windowOf(10, [batchB])]);
      const sent$ = replayFile(reader, options(m, { write: slow(m, 3) }));
      m.expectObservable(sent$).toBe('----a---b(e|)', { a, b, e: end });
    }));

  it('rests after each window for what the rate leaves to others', () =>
    marbles((m) => {
      const { reader } = readerOf(m, [windowOf(0, [batchA]), windowOf(10, [batchB])]);
      const sent$ = replayFile(reader, options(m, { write: slow(m, 3), rate: 0.25 }));
      // 4 ms of work, 12 ms of rest; then again; then 1 ms for the end.
      m.expectObservable(sent$).toBe('4ms a 15ms b 12ms (e|)', { a, b, e: end });
    }));

  it('rests for five seconds at most', () =>
    marbles((m) => {
      const { reader } = readerOf(m, [windowOf(0, [batchA])]);
      const sent$ = replayFile(reader, options(m, { write: slow(m, 9_999), rate: 0.01 }));
      m.expectObservable(sent$).toBe('10s a 5s (e|)', { a, e: end });
    }));

  it('counts an empty window as settled', () =>
    marbles((m) => {
      const { reader } = readerOf(m, [windowOf(0, [])]);
      m.expectObservable(replayFile(reader, options(m))).toBe('-a(e|)', { a: event(0, []), e: end });
    }));

  it('ends with the window that is not taken, and says what is left, and counts what of it may be there', () =>
    marbles((m) => {
      const { reader, left } = readerOf(m, [windowOf(0, [batchA, batchB]), windowOf(10, [batchB])]);
      const rest = unavailable(batchB, 'unknown');
      const write: Write = (batch) =>
        batch === batchB ? throwError(() => new SinkError('s', [rest])) : takes(batch, NEVER);
      m.expectObservable(replayFile(reader, options(m, { write }))).toBe('-(a|)', {
        a: {
          ...a,
          outcomes: [outcomeOf('s', batchA, { delivered: 2 }), doubtful(batchB)],
          left: [{ ...rest, written: 'no' }],
        },
      });
      m.flush();
      expect(left).toHaveLength(1);
    }));

  it('goes on with what was left; after an unknown outcome that may be twice', () =>
    marbles((m) => {
      const { reader } = readerOf(m, [windowOf(10, [batchB])]);
      const pending = { start: 0, end: 10, parts: [unavailable(batchA, 'unknown')] };
      const twice: FileEvent = { ...a, outcomes: [outcomeOf('s', batchA, { delivered: 2, duplicatesPossible: 2 })] };
      m.expectObservable(replayFile(reader, options(m, { pending }))).toBe('ab(e|)', { a: twice, b, e: end });
    }));

  it('counts a window that an earlier process had under way as perhaps twice', () =>
    marbles((m) => {
      const { reader } = readerOf(m, [windowOf(0, [batchA], true)]);
      const twice: FileEvent = { ...a, outcomes: [outcomeOf('s', batchA, { delivered: 2, duplicatesPossible: 2 })] };
      m.expectObservable(replayFile(reader, options(m))).toBe('-a(e|)', { a: twice, e: end });
    }));

  it('counts poison that no dead letters take as dropped', () =>
    marbles((m) => {
      const write: Write = (batch) =>
        throwError(() => new SinkError('s', [{ batch, cause: { kind: 'poison', message: 'large' }, written: 'no' }]));
      const dropped = { ...a, outcomes: [outcomeOf('s', batchA, { dropped: [{ reason: 'poison', count: 2 }] })] };
      const { reader } = readerOf(m, [windowOf(0, [batchA])]);
      m.expectObservable(replayFile(reader, options(m, { write }))).toBe('-a(e|)', { a: dropped, e: end });
    }));

  it('counts what a sink says nothing of as dropped', () =>
    marbles((m) => {
      const dropped = { ...a, outcomes: [outcomeOf('s', batchA, { dropped: [{ reason: 'unexpected', count: 2 }] })] };
      const { reader } = readerOf(m, [windowOf(0, [batchA])]);
      m.expectObservable(replayFile(reader, options(m, { write: () => EMPTY }))).toBe('-a(e|)', { a: dropped, e: end });
    }));

  it('keeps all of what a sink throws on; it may be there', () =>
    marbles((m) => {
      const write: Write = () => {
        throw new Error('defect');
      };
      const rest = {
        batch: batchA,
        cause: { kind: 'unexpected', message: 'Error: defect' },
        written: 'unknown',
      } as const;
      const { reader } = readerOf(m, [windowOf(0, [batchA])]);
      m.expectObservable(replayFile(reader, options(m, { write }))).toBe('-(a|)', {
        a: { ...a, outcomes: [doubtful(batchA)], left: [{ ...rest, written: 'no' }] },
      });
    }));

  it('fails with the reader', () =>
    marbles((m) => {
      const error = new Error('EIO');
      const windows: Observable<Window>[] = [of(windowOf(0, [batchA])), throwError(() => error)];
      const reader: WindowReader = { next: () => windows.shift() ?? EMPTY };
      m.expectObservable(replayFile(reader, options(m))).toBe('(a#)', { a }, error);
    }));

  it('stops in mid-window when that is settled, and reads no further', () =>
    marbles((m) => {
      const { reader, left } = readerOf(m, [windowOf(0, [batchA]), windowOf(10, [batchB])]);
      const stop$ = m.hot('  --s');
      const sent$ = replayFile(reader, options(m, { write: slow(m, 3), stop$: replayed(stop$) }));
      m.expectObservable(sent$).toBe('----(a|)', { a });
      m.flush();
      expect(left).toHaveLength(1);
    }));

  it('stops while it rests', () =>
    marbles((m) => {
      const { reader } = readerOf(m, [windowOf(0, [batchA]), windowOf(10, [batchB])]);
      const stop$ = m.hot('  ------s');
      const sent$ = replayFile(reader, options(m, { write: slow(m, 3), rate: 0.1, stop$: replayed(stop$) }));
      m.expectObservable(sent$).toBe('----a-|', { a });
    }));

  it('begins nothing when it was stopped before', () =>
    marbles((m) => {
      const { reader, left } = readerOf(m, [windowOf(0, [batchA])]);
      m.expectObservable(replayFile(reader, options(m, { stop$: of(0) }))).toBe('|');
      m.flush();
      expect(left).toHaveLength(1);
    }));

  it('tells what is under way to give up', () =>
    marbles((m) => {
      const { reader } = readerOf(m, [windowOf(0, [batchA])]);
      const giveUp$ = m.hot('---g');
      const rest = unavailable(batchA);
      const write = failsWhenTold(new SinkError('s', [rest]));
      const left = { ...a, outcomes: [], left: [rest] };
      m.expectObservable(replayFile(reader, options(m, { write, giveUp$ }))).toBe('---(a|)', { a: left });
    }));

  it('asks for nothing more once nobody listens', () =>
    marbles((m) => {
      const { reader, left } = readerOf(m, [windowOf(0, [batchA]), windowOf(10, [batchB])]);
      m.expectObservable(replayFile(reader, options(m, { write: slow(m, 3) })), '^----!').toBe('----a', { a });
      m.flush();
      expect(left).toHaveLength(1);
    }));
});
