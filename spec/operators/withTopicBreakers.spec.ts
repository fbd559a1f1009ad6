import { BehaviorSubject, NEVER, of, tap, timer } from 'rxjs';
import type { TestScheduler } from 'rxjs/testing';
import { SinkError, type Health, type Write } from '../../src/model';
import { withTopicBreakers, type TopicBreakersOptions } from '../../src/operators/withTopicBreakers';
import { batchOf, delivered } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { failsWhenTold, writeAt } from '../support/writes';
import { SHORT_TIMES } from './breakerOptions';

const bad = batchOf('bad', ['1']);
const good = batchOf('good', ['2']);
const r = delivered(good);
const b = delivered(bad);
const up: Health = { state: 'up' };
const badDown: Health = { state: 'topicsDown', topics: new Map([['bad', 'forbidden']]) };

const failure = (kind: 'gave_up' | 'unavailable', message: string): SinkError =>
  new SinkError('s', [{ batch: bad, cause: { kind, message }, written: 'no' }]);
const gaveUp = failure('gave_up', 'told to');
const hung = failsWhenTold(gaveUp);
/** Takes what is for `good`, and of `bad` nothing. */
const halfHung: Write = (batch, giveUp$) => (batch === good ? of(r) : hung(batch, giveUp$));

const options = (scheduler: TestScheduler, parts: Partial<TopicBreakersOptions> = {}): TopicBreakersOptions => ({
  ...SHORT_TIMES,
  health$: of(up),
  scheduler,
  ...parts,
});

describe('withTopicBreakers', () => {
  it('opens for a bucket without receipts, however many come for others, which flow on', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = withTopicBreakers(options(scheduler))(halfHung);
      expectObservable(writeAt(0, write, bad, scheduler)).toBe('-----#', {}, gaveUp);
      for (const ms of [0, 3, 4, 7])
        expectObservable(writeAt(ms, write, good, scheduler)).toBe(`${'-'.repeat(ms)}(r|)`, { r });
      expectObservable(writeAt(7, write, bad, scheduler)).toBe(
        '-------#',
        {},
        failure('unavailable', 'no acknowledgement for 5 ms'),
      );
    }));

  it('opens for a bucket whose topic has been down for troubleMs, and for no other', () => {
    const states: unknown[] = [];
    marbles(({ scheduler, expectObservable }) => {
      const onState: TopicBreakersOptions['onState'] = (bucket, { state }) => states.push([bucket, state]);
      const write = withTopicBreakers(options(scheduler, { health$: of(badDown), onState }))(halfHung);
      expectObservable(writeAt(0, write, bad, scheduler)).toBe('--#', {}, gaveUp);
      expectObservable(writeAt(4, write, good, scheduler)).toBe('----(r|)', { r });
      expectObservable(writeAt(4, write, bad, scheduler)).toBe('----#', {}, failure('unavailable', 'forbidden'));
    });
    expect(states).toEqual([['bad', 'open']]);
  });

  it('does not open by a topic that comes back in time, nor while the whole sink is down', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const states = { t: badDown, u: up, d: { state: 'down', cause: 'refused' } } as const;
      const results: readonly (readonly [health: string, expected: string])[] = [
        ['tu', '-----#'],
        ['td-----u', '-------#'],
      ];
      for (const [marble, expected] of results) {
        const health$ = new BehaviorSubject<Health>(badDown);
        expectObservable(cold<Health>(marble, states).pipe(tap((health) => health$.next(health)))).toBe(marble, states);
        const write = withTopicBreakers(options(scheduler, { health$ }))(hung);
        expectObservable(write(bad, NEVER)).toBe(expected, {}, gaveUp);
      }
    }));

  it('probes whatever the health says: only a batch can tell', () => {
    const states: unknown[] = [];
    marbles(({ cold, scheduler, expectObservable }) => {
      let works = false;
      timer(12, scheduler).subscribe(() => (works = true));
      const onState: TopicBreakersOptions['onState'] = (_, { state }) => states.push(state);
      const write = withTopicBreakers(options(scheduler, { health$: of(badDown), onState }))((batch, giveUp$) =>
        works ? cold('-b|', { b }) : hung(batch, giveUp$),
      );
      expectObservable(writeAt(0, write, bad, scheduler)).toBe('   --#', {}, gaveUp);
      expectObservable(writeAt(13, write, bad, scheduler)).toBe('  13ms -b|', { b });
      expectObservable(writeAt(14, write, bad, scheduler)).toBe('  14ms --b|', { b });
    });
    expect(states).toEqual(['open', 'halfOpen', 'closed']);
  });

  it('forgets a bucket that is idle when another one comes up, and not before', () => {
    const states: string[] = [];
    marbles(({ scheduler, expectObservable }) => {
      const onState: TopicBreakersOptions['onState'] = (bucket, { state }) => states.push(`${bucket} ${state}`);
      const write = withTopicBreakers(options(scheduler, { onState, idleMs: 30 }))(halfHung);
      expectObservable(writeAt(0, write, bad, scheduler)).toBe('-----#', {}, gaveUp);
      expectObservable(writeAt(40, write, bad, scheduler)).toBe('40ms -----#', {}, gaveUp);
      // Idle from 45 on: too short for the first new bucket, long enough for the second.
      expectObservable(writeAt(60, write, good, scheduler)).toBe('60ms (r|)', { r });
      expectObservable(writeAt(70, write, batchOf('good', ['3']), scheduler), '^ 70ms --!').toBe('-');
      expectObservable(writeAt(95, write, batchOf('other', ['4']), scheduler), '^ 95ms --!').toBe('-');
      expectObservable(writeAt(100, write, bad, scheduler)).toBe('100ms -----#', {}, gaveUp);
    });
    // Nobody is left with a state of what is forgotten.
    expect(states).toEqual(['bad open', 'bad halfOpen', 'bad open', 'bad closed', 'bad open']);
  });

  it('forgets buckets that have nothing under way when there are too many', () => {
    const states: string[] = [];
    marbles(({ scheduler, expectObservable }) => {
      const onState: TopicBreakersOptions['onState'] = (bucket, { state }) => states.push(`${bucket} ${state}`);
      const write = withTopicBreakers(options(scheduler, { onState, maxBuckets: 2 }))(halfHung);
      expectObservable(writeAt(0, write, bad, scheduler)).toBe(' -----#', {}, gaveUp);
      expectObservable(writeAt(6, write, good, scheduler)).toBe('------(r|)', { r });
      expectObservable(writeAt(7, write, bad, scheduler)).toBe(
        '-------#',
        {},
        failure('unavailable', 'no acknowledgement for 5 ms'),
      );
      expectObservable(writeAt(8, write, batchOf('more', ['3']), scheduler), '^-------!').toBe('-');
      expectObservable(writeAt(9, write, batchOf('other', ['4']), scheduler), '^---------!').toBe('-');
      expectObservable(writeAt(11, write, bad, scheduler)).toBe('11ms -----#', {}, gaveUp);
    });
    expect(states).toEqual(['bad open', 'bad closed', 'bad open']);
  });

  it('early unsubscribe: an idle breaker watches nothing', () =>
    marbles(({ hot, scheduler, expectObservable, expectSubscriptions }) => {
      const health$ = hot<Health>('-');
      const write = withTopicBreakers(options(scheduler, { health$ }))(hung);
      expectObservable(write(bad, NEVER), '^--!').toBe('----');
      expectSubscriptions(health$.subscriptions).toBe(['^--!']);
    }));
});
