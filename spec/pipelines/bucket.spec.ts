import { delay, from, map, NEVER, of, Subject, timer, type Observable } from 'rxjs';
import { createUnsettled } from '../../src/control/unsettled';
import type { Batch, Close, Deliver, Env, Frames, Outcome, Settled } from '../../src/model';
import { credit } from '../../src/operators/credit';
import { bucketPipeline, type Route } from '../../src/pipelines/bucket';
import { noSegments } from '../support/accepted';
import { anOrigin, frames, messagesOf, outcomeOf, testEnv } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import type { TestScheduler } from 'rxjs/testing';

const limits = { count: 2, bytes: 1_000_000, ms: 5 };
const runs = { a: frames('b', ['a']), b: frames('b', ['b']), c: frames('b', ['c']) };

const deliverAfter =
  (ms: number, stream: string, scheduler: TestScheduler): Deliver =>
  (batch: Batch) =>
    of(outcomeOf(stream, batch, { delivered: batch.count })).pipe(delay(ms, scheduler));

const text = ({ batch, outcomes }: Settled): string =>
  `${messagesOf(batch).join('')}:${outcomes.map(({ stream }) => stream).join('+')}`;

describe('bucketPipeline', () => {
  const run = (
    source: Observable<Frames>,
    scheduler: TestScheduler,
    close$: Observable<Close> = NEVER,
    env = testEnv({ scheduler }),
  ): Observable<string> =>
    source.pipe(
      bucketPipeline(
        'b',
        {
          limits,
          streams: [
            { id: 'kafka', deliver: deliverAfter(3, 'kafka', scheduler) },
            { id: 'copy', deliver: deliverAfter(1, 'copy', scheduler) },
          ],
        },
        close$,
        { ...env, segments: noSegments },
      ),
      map(text),
    );

  it('never, empty: as the source', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      expectObservable(run(cold<Frames>('-'), scheduler)).toBe('-');
      expectObservable(run(cold<Frames>('--|'), scheduler)).toBe('--|');
    }));

  it('many: settles each batch after its slowest stream, and completes after the last', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const source = cold('  -a-b-c|', runs);
      const expected = '     ------x--(y|)';
      expectObservable(run(source, scheduler)).toBe(expected, { x: 'ab:kafka+copy', y: 'c:kafka+copy' });
    }));

  it('closes the open batch when asked', () =>
    marbles(({ cold, hot, scheduler, expectObservable }) => {
      const source = cold('      -a------', runs);
      const close$ = hot<Close>('--m-----', { m: { reason: 'memory' } });
      const expected = '         -----x--';
      expectObservable(run(source, scheduler, close$)).toBe(expected, { x: 'a:kafka+copy' });
    }));

  it('keeps a run that fills the memory apart from the batch that closes for it, and is gone before it', () => {
    const close$ = new Subject<Close>();
    const env = testEnv();
    const held = { ...env.held, charge: () => close$.next({ reason: 'memory' }) };
    const shown: string[] = [];
    const deliver: Deliver = (batch) => {
      shown.push(messagesOf(batch).join(''));
      return of(outcomeOf('kafka', batch, { delivered: batch.count }));
    };
    const route: Route = { limits: { ...limits, count: 10 }, streams: [{ id: 'kafka', deliver }] };
    const parts = { ...env, held, segments: noSegments };
    from([runs.a, runs.b, runs.c])
      .pipe(bucketPipeline('b', route, close$, parts), credit(parts))
      .subscribe();
    expect(shown).toEqual(['a', 'b', 'c']);
  });

  it('books each run as received on every stream when it comes', () => {
    const env = testEnv();
    marbles(({ cold, scheduler, flush }) => {
      run(cold('-a', runs), scheduler, NEVER, { ...env, scheduler }).subscribe();
      flush();
    });
    expect(env.ledger.rows().map(({ stream, received }) => [stream, received])).toEqual([
      ['kafka', 1],
      ['copy', 1],
    ]);
  });

  describe('of a journaled bucket', () => {
    const recovered = frames('b', ['r'], { ...anOrigin(), recovered: true });
    const rowOf = ({ ledger }: Env): unknown => {
      const [row] = ledger.rows();
      return row && { received: row.received, recovered: row.recovered, held: row.held };
    };

    /** Writes ahead take 3 ms. */
    const journaled = (
      source: Observable<Frames>,
      scheduler: TestScheduler,
      env: Env,
      outcome: Partial<Outcome> = { delivered: 1 },
    ) => {
      const settled: [string, boolean][] = [];
      const segments = {
        append: (_: readonly Frames[], emptyKey?: string): Observable<unknown> => {
          emptyKeys.push(emptyKey);
          return timer(3, scheduler);
        },
        settled: (written: readonly Frames[], lost: boolean): void =>
          void settled.push([messagesOf({ frames: written }).join(''), lost]),
      };
      const emptyKeys: (string | undefined)[] = [];
      const deliver: Deliver = (batch) => of(outcomeOf('kafka', batch, outcome));
      const route: Route = { limits, streams: [{ id: 'kafka', deliver }], journaled: true, emptyKey: 'null' };
      const settled$ = source.pipe(bucketPipeline('b', route, NEVER, { ...env, scheduler, segments }), map(text));
      return { settled$, settled, emptyKeys };
    };

    it('writes ahead, and books as received what is written', () => {
      const env = testEnv();
      const seen: unknown[] = [];
      marbles(({ cold, scheduler, expectObservable, flush }) => {
        const source = cold('  -a-----|', runs);
        const expected = '     -------(x|)';
        const { settled$, settled, emptyKeys } = journaled(source, scheduler, env);
        for (const ms of [3, 5]) scheduler.schedule(() => seen.push(rowOf(env)), ms + 0.5);
        expectObservable(settled$).toBe(expected, { x: 'a:kafka' });
        flush();
        expect(settled).toEqual([['a', false]]);
        expect(emptyKeys).toEqual(['null']);
      });
      expect(seen).toEqual([
        { received: 0, recovered: 0, held: 0 },
        { received: 1, recovered: 0, held: 1 },
      ]);
    });

    it('has no blocks to be lent again: the journal may still read them', () =>
      marbles(({ cold, scheduler, flush }) => {
        const env = testEnv({ scheduler });
        const segments = { append: () => timer(3, scheduler), settled: () => undefined };
        const deliver: Deliver = (batch) => of(outcomeOf('kafka', batch, { delivered: batch.count }));
        const blocksOf = (isJournaled: boolean): unknown[] => {
          const route: Route = { limits, streams: [{ id: 'kafka', deliver }], journaled: isJournaled };
          const found: unknown[] = [];
          cold('a|', runs)
            .pipe(bucketPipeline('b', route, NEVER, { ...env, segments }))
            .subscribe(({ batch: { blocks } }) => found.push(blocks?.length));
          return found;
        };
        const [journaledBlocks, others] = [blocksOf(true), blocksOf(false)];
        flush();
        expect([journaledBlocks, others]).toEqual([[undefined], [1]]);
      }));

    it('tells the journal of what was dropped, so that it stays', () =>
      marbles(({ cold, scheduler, flush }) => {
        const dropped = [{ reason: 'gave_up', count: 1 }];
        const { settled$, settled } = journaled(cold('a|', runs), scheduler, testEnv(), { dropped });
        settled$.subscribe();
        flush();
        expect(settled).toEqual([['a', true]]);
      }));

    it('books what was recovered as that, and writes it no second time', () =>
      marbles(({ cold, scheduler, flush }) => {
        const env = testEnv();
        const { settled$, emptyKeys } = journaled(cold('r-', { r: recovered }), scheduler, env);
        settled$.subscribe();
        flush();
        expect(emptyKeys).toEqual([]);
        expect(rowOf(env)).toEqual({ received: 0, recovered: 1, held: 1 });
      }));

    it('shows a crash what is not written yet, and nothing that lies in a file', () => {
      const { unsettled, gathered } = createUnsettled();
      const shown: string[] = [];
      marbles(({ cold, scheduler, flush }) => {
        const source = cold('-a-r------', { ...runs, r: recovered });
        const { settled$ } = journaled(source, scheduler, testEnv({ unsettled }));
        for (const ms of [2, 5])
          scheduler.schedule(() => shown.push(messagesOf({ frames: [...gathered()] }).join('')), ms);
        settled$.subscribe();
        flush();
      });
      expect(shown).toEqual(['a', '']);
    });
  });

  it('shows a crash what is gathered, but for what was recovered', () => {
    const { unsettled, gathered } = createUnsettled();
    const shown: string[] = [];
    marbles(({ cold, scheduler, flush }) => {
      const source = cold('ar-', { ...runs, r: frames('b', ['r'], { ...anOrigin(), recovered: true }) });
      const route: Route = { limits: { ...limits, count: 3 }, streams: [] };
      const parts = { ...testEnv({ unsettled, scheduler }), segments: noSegments };
      source.pipe(bucketPipeline('b', route, NEVER, parts)).subscribe();
      scheduler.schedule(() => shown.push(messagesOf({ frames: [...gathered()] }).join('')), 2);
      flush();
    });
    expect(shown).toEqual(['a']);
  });
});
