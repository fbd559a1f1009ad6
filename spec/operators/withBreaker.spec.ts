import { map, mergeMap, NEVER, of, take, throwError, timer, type Observable } from 'rxjs';
import type { TestScheduler } from 'rxjs/testing';
import { SinkError, type Health, type Receipt, type Rest, type Write } from '../../src/model';
import { withBreaker, type BreakerOptions, type BreakerState } from '../../src/operators/withBreaker';
import { batchOf, delivered } from '../support/builders';
import { marbles } from '../support/marbles';

const batch = batchOf('b', ['1']);
const r = delivered(batch);
const up$ = of<Health>({ state: 'up' });
const down: Health = { state: 'down', cause: 'refused' };

const rest = (kind: Rest['cause']['kind'], message: string): Rest => ({
  batch,
  cause: { kind, message },
  written: 'no',
});
const refused = (cause: string): SinkError => new SinkError('s', [rest('unavailable', cause)]);
const gaveUp = new SinkError('s', [rest('gave_up', 'told to')]);

/** A sink that never answers: it fails when it is told to give up. */
const hung: Write = (_, giveUp$) =>
  giveUp$.pipe(
    take(1),
    mergeMap(() => throwError(() => gaveUp)),
  );

const options = (scheduler: TestScheduler, parts: Partial<BreakerOptions> = {}): BreakerOptions => ({
  name: 's',
  health$: up$,
  afterMs: 5,
  unreachableMs: 2,
  retryMs: 10,
  random: () => 0.5,
  onState: () => undefined,
  scheduler,
  ...parts,
});

/** Writes the batch at each given time; the results as one stream: r is a receipt, a text is a failure. */
const writingAt = (write: Write, scheduler: TestScheduler, times: readonly number[]): readonly Observable<Receipt>[] =>
  times.map((ms) => timer(ms, scheduler).pipe(mergeMap(() => write(batch, NEVER))));

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
      expectObservable(third ?? NEVER).toBe('-------#', {}, refused('no acknowledgement for 5 ms'));
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

  it('opens when the sink is down for unreachableMs, and not when it comes up before', () =>
    marbles(({ hot, scheduler, expectObservable }) => {
      const flapping$ = hot<Health>('  d-d-u', { d: down, u: { state: 'up' } });
      const brief$ = hot<Health>('     du---', { d: down, u: { state: 'up' } });
      expectObservable(withBreaker(options(scheduler, { health$: flapping$ }))(hung)(batch, NEVER)).toBe(
        '--#',
        {},
        gaveUp,
      );
      expectObservable(withBreaker(options(scheduler, { health$: brief$ }))(hung)(batch, NEVER)).toBe(
        '-----#',
        {},
        gaveUp,
      );
    }));

  it('half-open: after retryMs one batch probes, its receipt closes', () => {
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
      expectObservable(beside ?? NEVER).toBe(' 17ms #', {}, refused('the breaker is half-open'));
      expectObservable(after ?? NEVER).toBe('  20ms --r|', { r });
    });
    expect(states).toEqual(['open', 'halfOpen', 'closed']);
  });

  it('half-open: a probe that fails opens it again for retryMs', () => {
    const states: BreakerState['state'][] = [];
    marbles(({ scheduler, expectObservable }) => {
      const onState = ({ state }: BreakerState): number => states.push(state);
      const write = withBreaker(options(scheduler, { onState }))(hung);
      const [first, probe, after] = writingAt(write, scheduler, [0, 16, 22]);
      expectObservable(first ?? NEVER).toBe('-----#', {}, gaveUp);
      expectObservable(probe ?? NEVER).toBe('16ms -----#', {}, gaveUp);
      expectObservable(after ?? NEVER).toBe('22ms #', {}, refused('no acknowledgement for 5 ms'));
    });
    expect(states).toEqual(['open', 'halfOpen', 'open']);
  });

  it('does not probe a sink that says it is down', () =>
    marbles(({ hot, scheduler, expectObservable }) => {
      const health$ = of(down);
      const write = withBreaker(options(scheduler, { health$ }))(hung);
      const [first, later] = writingAt(write, scheduler, [0, 40]);
      expectObservable(first ?? NEVER).toBe('--#', {}, gaveUp);
      expectObservable(later ?? NEVER).toBe('40ms #', {}, refused('refused'));
      expectObservable(hot('-')).toBe('-');
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

  it('jitters retryMs by a fifth', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = withBreaker(options(scheduler, { random: () => 0 }))((one, giveUp$) => hung(one, giveUp$));
      const [first, early, probe] = writingAt(write, scheduler, [0, 12, 14]);
      expectObservable(first ?? NEVER).toBe('-----#', {}, gaveUp);
      expectObservable(early ?? NEVER).toBe('12ms #', {}, refused('no acknowledgement for 5 ms'));
      expectObservable(probe ?? NEVER).toBe('14ms -----#', {}, gaveUp);
    }));

  it('early unsubscribe: an idle breaker watches nothing', () =>
    marbles(({ hot, scheduler, expectObservable, expectSubscriptions }) => {
      const health$ = hot<Health>('-');
      const write = withBreaker(options(scheduler, { health$ }))(hung);
      expectObservable(write(batch, NEVER), '^--!').toBe('----');
      expectSubscriptions(health$.subscriptions).toBe(['^--!']);
    }));
});
