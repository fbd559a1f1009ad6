import {
  catchError,
  concat,
  defer,
  ignoreElements,
  map,
  mergeMap,
  NEVER,
  of,
  throwError,
  timer,
  type Observable,
} from 'rxjs';
import type { TestScheduler } from 'rxjs/testing';
import { SinkError, type BreakerState, type Receipt, type Rest, type Write } from '../../src/model';
import { withBreaker, type BreakerOptions } from '../../src/operators/withBreaker';
import { batchOf, delivered } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { failsWhenTold, writeAt } from '../support/writes';
import { SHORT_TIMES } from './breakerOptions';

const batch = batchOf('b', ['1']);
const r = delivered(batch);
const none$ = of(undefined);
const values = { d: 'refused', e: 'closed', u: undefined };

const rest = (kind: Rest['cause']['kind'], message: string): Rest => ({
  batch,
  cause: { kind, message },
  written: 'no',
});
const refused = (cause: string): SinkError => new SinkError('s', [rest('unavailable', cause)]);
const gaveUp = new SinkError('s', [rest('gave_up', 'told to')]);

const hung = failsWhenTold(gaveUp);

const options = (scheduler: TestScheduler, parts: Partial<BreakerOptions> = {}): BreakerOptions => ({
  ...SHORT_TIMES,
  trouble$: none$,
  scheduler,
  ...parts,
});

/** What has no receipt, as a value: errors are compared by their message alone. */
const restOf = (result$: Observable<unknown>): Observable<unknown> =>
  result$.pipe(catchError((error: unknown) => of(error instanceof SinkError ? error.rest : error)));

/** Writes the batch at each given time; the results as one stream: r is a receipt, a text is a failure. */
const writingAt = (write: Write, scheduler: TestScheduler, times: readonly number[]): readonly Observable<Receipt>[] =>
  times.map((ms) => writeAt(ms, write, batch, scheduler));

describe('withBreaker', () => {
  it('closed: lets every batch through', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const write = withBreaker(options(scheduler))(() => cold('--r|', { r }));
      expectObservable(write(batch, NEVER)).toBe('--r|', { r });
      expectObservable(write(batch, NEVER)).toBe('--r|', { r });
    }));

  it('opens after afterMs without a receipt: those that wait give up, those that come fail at once', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = withBreaker(options(scheduler))(hung);
      const [first, second, third] = writingAt(write, scheduler, [0, 3, 7]);
      expectObservable(first ?? NEVER).toBe('-----#', {}, gaveUp);
      expectObservable(second ?? NEVER).toBe('-----#', {}, gaveUp);
      expectObservable(restOf(third ?? NEVER)).toBe('-------(x|)', {
        x: [rest('unavailable', 'no acknowledgement for 5 ms')],
      });
    }));

  it('stays closed while receipts come, however long one batch waits', () =>
    marbles(({ scheduler, expectObservable }) => {
      const slow = batchOf('slow', ['2']);
      const write = withBreaker(options(scheduler))((one, giveUp$) => (one === slow ? hung(one, giveUp$) : of(r)));
      const quick = writingAt(write, scheduler, [3, 6, 9]);
      // The last receipt comes at 9; five later nothing has come.
      expectObservable(write(slow, NEVER)).toBe('14ms #', {}, gaveUp);
      for (const one$ of quick)
        expectObservable(one$.pipe(map(() => 'r'))).toBe(
          quick.indexOf(one$) === 0 ? '---(r|)' : quick.indexOf(one$) === 1 ? '------(r|)' : '---------(r|)',
        );
    }));

  it('opens when trouble lasts for troubleMs, and not when it ends before', () =>
    marbles(({ hot, scheduler, expectObservable }) => {
      const lasting$ = hot<string | undefined>('u-d-d-u', values);
      const brief$ = hot<string | undefined>('  du---', values);
      expectObservable(withBreaker(options(scheduler, { trouble$: lasting$ }))(hung)(batch, NEVER)).toBe(
        '----#',
        {},
        gaveUp,
      );
      expectObservable(withBreaker(options(scheduler, { trouble$: brief$ }))(hung)(batch, NEVER)).toBe(
        '-----#',
        {},
        gaveUp,
      );
    }));

  it('opens with the trouble that is known then, which says more than the first', () => {
    const states: BreakerState[] = [];
    marbles(({ hot, scheduler, expectObservable }) => {
      const trouble$ = hot<string | undefined>('de', values);
      const onState = (state: BreakerState): number => states.push(state);
      const write = withBreaker(options(scheduler, { trouble$, onState }))(hung);
      expectObservable(write(batch, NEVER)).toBe('--#', {}, gaveUp);
    });
    expect(states).toEqual([{ state: 'open', cause: 'closed' }]);
  });

  it('does not count a lack of receipts while it is told not to, and opens as soon as it may', () =>
    marbles(({ cold, hot, scheduler, expectObservable }) => {
      const counts$ = hot('f------t', { f: false, t: true });
      const latest$ = defer(() => concat(of(scheduler.now() >= 7), counts$));
      const write = withBreaker(options(scheduler, { counts$: latest$ }));
      expectObservable(write(hung)(batch, NEVER)).toBe('-------#', {}, gaveUp);
      // A receipt meanwhile starts the time anew.
      const [slow, other] = [batchOf('slow', ['2']), withBreaker(options(scheduler, { counts$: latest$ }))];
      const both = other((one, giveUp$) => (one === slow ? hung(one, giveUp$) : cold('------r|', { r })));
      expectObservable(both(slow, NEVER)).toBe('-----------#', {}, gaveUp);
      expectObservable(both(batch, NEVER)).toBe('------r|', { r });
    }));

  it('without afterMs: opens by trouble alone', () =>
    marbles(({ hot, scheduler, expectObservable }) => {
      const trouble$ = hot<string | undefined>('8ms d', values);
      const [quiet, troubled] = [{ afterMs: undefined }, { afterMs: undefined, trouble$ }].map((parts) =>
        withBreaker(options(scheduler, parts))(hung)(batch, NEVER),
      );
      expectObservable(quiet ?? NEVER, '50ms !').toBe('-');
      expectObservable(troubled ?? NEVER).toBe('10ms #', {}, gaveUp);
    }));

  it('half-open: after retryMs one batch probes, the others wait for its receipt, which closes', () => {
    const states: BreakerState['state'][] = [];
    marbles(({ cold, scheduler, expectObservable }) => {
      let works = false;
      const onState = ({ state }: BreakerState): number => states.push(state);
      const write = withBreaker(options(scheduler, { onState }))((one, giveUp$) =>
        works ? cold('--r|', { r }) : hung(one, giveUp$),
      );
      const [first, early, probe, beside, after] = writingAt(write, scheduler, [0, 10, 16, 17, 20]);
      timer(12, scheduler).subscribe(() => (works = true));
      expectObservable(first ?? NEVER).toBe('  -----#', {}, gaveUp);
      expectObservable(early ?? NEVER).toBe('  10ms #', {}, refused('no acknowledgement for 5 ms'));
      expectObservable(probe ?? NEVER).toBe('  16ms --r|', { r });
      expectObservable(beside ?? NEVER).toBe(' 17ms ----r|', { r });
      expectObservable(after ?? NEVER).toBe('  20ms --r|', { r });
    });
    expect(states).toEqual(['open', 'halfOpen', 'closed']);
  });

  it('half-open: a probe that fails opens it again for retryMs', () => {
    const states: BreakerState['state'][] = [];
    marbles(({ scheduler, expectObservable }) => {
      const onState = ({ state }: BreakerState): number => states.push(state);
      const write = withBreaker(options(scheduler, { onState }))(hung);
      const [first, probe, beside, after] = writingAt(write, scheduler, [0, 16, 18, 22]);
      expectObservable(first ?? NEVER).toBe(' -----#', {}, gaveUp);
      expectObservable(probe ?? NEVER).toBe(' 16ms -----#', {}, gaveUp);
      expectObservable(beside ?? NEVER).toBe('18ms ---#', {}, refused('no acknowledgement for 5 ms'));
      expectObservable(after ?? NEVER).toBe(' 22ms #', {}, refused('no acknowledgement for 5 ms'));
    });
    expect(states).toEqual(['open', 'halfOpen', 'open']);
  });

  it.each([
    ['by itself', refused('no room'), 'no room'],
    [
      'for a part of its messages',
      new SinkError('s', [rest('poison', 'too large'), rest('unavailable', 'no room')]),
      'no room',
    ],
    ['with a defect', new Error('a defect'), 'Error: a defect'],
  ])('half-open: a probe that fails %s opens it again with its cause', (_, failure, cause) => {
    const states: BreakerState[] = [];
    marbles(({ cold, scheduler, expectObservable }) => {
      const failing: Write = () => cold('-#', {}, failure);
      const onState = (state: BreakerState): number => states.push(state);
      let hangs = true;
      const write = withBreaker(options(scheduler, { onState }))((one, giveUp$) =>
        (hangs ? hung : failing)(one, giveUp$),
      );
      timer(12, scheduler).subscribe(() => (hangs = false));
      const [first, probe, after] = writingAt(write, scheduler, [0, 16, 18]);
      expectObservable(first ?? NEVER).toBe('-----#', {}, gaveUp);
      expectObservable(probe ?? NEVER).toBe('16ms -#', {}, failure);
      expectObservable(after ?? NEVER).toBe('18ms #', {}, refused(cause));
    });
    expect(states.at(-1)).toEqual({ state: 'open', cause });
  });

  it('half-open: a probe that is told from outside to give up says nothing, and the next batch probes', () => {
    const states: BreakerState['state'][] = [];
    marbles(({ cold, hot, scheduler, expectObservable }) => {
      const onState = ({ state }: BreakerState): number => states.push(state);
      let works = false;
      const write = withBreaker(options(scheduler, { onState }))((one, giveUp$) =>
        works ? cold('-r|', { r }) : hung(one, giveUp$),
      );
      timer(17, scheduler).subscribe(() => (works = true));
      const giveUp$ = hot('18ms g');
      const [first, beside] = writingAt(write, scheduler, [0, 17]);
      expectObservable(first ?? NEVER).toBe(' -----#', {}, gaveUp);
      expectObservable(timer(16, scheduler).pipe(mergeMap(() => write(batch, giveUp$)))).toBe('18ms #', {}, gaveUp);
      expectObservable(beside ?? NEVER).toBe('17ms --r|', { r });
    });
    expect(states).toEqual(['open', 'halfOpen', 'halfOpen', 'closed']);
  });

  it('half-open: one that waits gives up when it is told to', () =>
    marbles(({ hot, scheduler, expectObservable }) => {
      const write = withBreaker(options(scheduler))(hung);
      const [first, probe] = writingAt(write, scheduler, [0, 16]);
      const giveUp$ = hot('19ms g');
      expectObservable(first ?? NEVER).toBe('-----#', {}, gaveUp);
      expectObservable(probe ?? NEVER).toBe('16ms -----#', {}, gaveUp);
      expectObservable(restOf(timer(17, scheduler).pipe(mergeMap(() => write(batch, giveUp$))))).toBe('19ms (x|)', {
        x: [rest('gave_up', 'told to stop while another batch tried the sink')],
      });
    }));

  it('half-open: a probe that nobody listens to any more says nothing', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = withBreaker(options(scheduler))(hung);
      const [first, probe, next] = writingAt(write, scheduler, [0, 16, 18]);
      expectObservable(first ?? NEVER).toBe('-----#', {}, gaveUp);
      expectObservable(probe ?? NEVER, '^ 16ms -!').toBe('-');
      expectObservable(next ?? NEVER).toBe('18ms -----#', {}, gaveUp);
    }));

  it.each([
    ['while another tries the sink', '^ 32ms !'],
    ['when another has closed the breaker', '^ 37ms !'],
  ])('half-open: a probe that hangs on says nothing when it is left %s', (_, left) => {
    const states: BreakerState['state'][] = [];
    marbles(({ cold, scheduler, expectObservable }) => {
      const onState = ({ state }: BreakerState): number => states.push(state);
      const deaf: Write = (_, giveUp$) => giveUp$.pipe(ignoreElements());
      let write: Write = hung;
      const guarded = withBreaker(options(scheduler, { onState }))((one, giveUp$) => write(one, giveUp$));
      timer(12, scheduler).subscribe(() => (write = deaf));
      timer(30, scheduler).subscribe(() => (write = () => cold('---r|', { r })));
      const [first, late, probe, beside, after] = writingAt(guarded, scheduler, [0, 16, 32, 34, 40]);
      expectObservable(first ?? NEVER).toBe(' -----#', {}, gaveUp);
      expectObservable(late ?? NEVER, left).toBe('-');
      expectObservable(probe ?? NEVER).toBe(' 32ms ---r|', { r });
      expectObservable(beside ?? NEVER).toBe('34ms -----r|', { r });
      expectObservable(after ?? NEVER).toBe(' 40ms ---r|', { r });
    });
    expect(states).toEqual(['open', 'halfOpen', 'open', 'halfOpen', 'closed']);
  });

  it('does not probe while trouble is known, unless it is told to', () =>
    marbles(({ scheduler, expectObservable }) => {
      const trouble$ = of('refused');
      const careful = withBreaker(options(scheduler, { trouble$ }))(hung);
      const [first, later] = writingAt(careful, scheduler, [0, 40]);
      expectObservable(first ?? NEVER).toBe('--#', {}, gaveUp);
      expectObservable(later ?? NEVER).toBe('40ms #', {}, refused('refused'));
      const bold = withBreaker(options(scheduler, { trouble$, probesInTrouble: true }))(hung);
      const [one, probe] = writingAt(bold, scheduler, [0, 40]);
      expectObservable(one ?? NEVER).toBe('  --#', {}, gaveUp);
      expectObservable(probe ?? NEVER).toBe('40ms --#', {}, gaveUp);
    }));

  it('poison opens nothing, and closes it after a probe: the sink answered', () => {
    const states: BreakerState['state'][] = [];
    marbles(({ scheduler, expectObservable }) => {
      const poison = new SinkError('s', [rest('poison', 'too large')]);
      let answers = false;
      const onState = ({ state }: BreakerState): number => states.push(state);
      const write = withBreaker(options(scheduler, { onState }))((one, giveUp$) =>
        answers ? throwError(() => poison) : hung(one, giveUp$),
      );
      const [first, probe] = writingAt(write, scheduler, [0, 16]);
      timer(12, scheduler).subscribe(() => (answers = true));
      expectObservable(first ?? NEVER).toBe('-----#', {}, gaveUp);
      expectObservable(probe ?? NEVER).toBe('16ms #', {}, poison);
    });
    expect(states).toEqual(['open', 'halfOpen', 'closed']);
  });

  it.each([
    [0, 8],
    [0.5, 10],
    [0.75, 11],
  ])('jitters retryMs by a fifth: where random is %p, 10 ms are %p', (random, retryMs) =>
    marbles(({ scheduler, expectObservable }) => {
      const write = withBreaker(options(scheduler, { random: () => random }))(hung);
      const [first, early, probe] = writingAt(write, scheduler, [0, 5 + retryMs - 1, 5 + retryMs + 1]);
      expectObservable(first ?? NEVER).toBe('-----#', {}, gaveUp);
      expectObservable(early ?? NEVER).toBe(`${4 + retryMs}ms #`, {}, refused('no acknowledgement for 5 ms'));
      expectObservable(probe ?? NEVER).toBe(`${6 + retryMs}ms -----#`, {}, gaveUp);
    }),
  );

  it('early unsubscribe: an idle breaker watches nothing', () =>
    marbles(({ hot, scheduler, expectObservable, expectSubscriptions }) => {
      const trouble$ = hot<undefined>('-');
      const write = withBreaker(options(scheduler, { trouble$ }))(hung);
      expectObservable(write(batch, NEVER), '^--!').toBe('----');
      expectSubscriptions(trouble$.subscriptions).toBe(['^--!']);
    }));
});
