import { map, mergeMap, of, take, throwError } from 'rxjs';
import type { Frames } from '../../src/model';
import { type GroupByBucketOptions, groupByBucket } from '../../src/operators/groupByBucket';
import { frames } from '../../src/testing/builders';
import { type Marbles, marbles } from '../../src/testing/marbles';

const values: Record<string, Frames> = { a: frames('a', ['1']), b: frames('b', ['1']), c: frames('c', ['1']) };

/** Each group as a marble diagram of its own. */
const expectGroups = (
  { cold, expectObservable, expectSubscriptions, scheduler }: Marbles,
  {
    source,
    expected,
    groups,
    unsub,
    subs,
    ...options
  }: Partial<GroupByBucketOptions> & {
    source: string;
    expected: string;
    groups: Record<string, string>;
    unsub?: string;
    subs?: string;
  },
): void => {
  const source$ = cold(source, values);
  const named = Object.fromEntries(Object.entries(groups).map(([name, marble]) => [name, cold(marble, values)]));
  expectObservable(source$.pipe(groupByBucket({ idleMs: 100, scheduler, ...options })), unsub).toBe(expected, named);
  if (subs !== undefined) expectSubscriptions(source$.subscriptions).toBe(subs);
};

describe('groupByBucket', () => {
  it('never', () =>
    marbles((m) => expectGroups(m, { source: '---', expected: '---', groups: {}, unsub: '--!', subs: '^-!' })));

  it('empty', () => marbles((m) => expectGroups(m, { source: '--|', expected: '--|', groups: {}, subs: '^-!' })));

  it('one and many', () =>
    marbles((m) =>
      expectGroups(m, {
        source: '  -a-b-a-b-|',
        expected: '-x-y-----|',
        groups: { x: 'a---a---|', y: 'b---b-|' },
        subs: '    ^--------!',
      }),
    ));

  it('passes an error to the groups too', () =>
    marbles((m) => expectGroups(m, { source: '-a-#', expected: '-x-#', groups: { x: 'a-#' }, subs: '^--!' })));

  it('ends the groups that it is asked to, and opens others for what comes after', () =>
    marbles((m) =>
      expectGroups(m, {
        end$: m.cold('----e---', { e: (bucket: string) => bucket === 'a' }),
        source: '  -a-b---a-b-|',
        expected: '-x-y---z---|',
        groups: { x: 'a--|', y: 'b-----b-|', z: 'a---|' },
      }),
    ));

  it('ends a group that is idle, and opens another for what comes after', () =>
    marbles((m) =>
      expectGroups(m, {
        idleMs: 4,
        source: '  -a-b-b----a-|',
        expected: '-x-y------z-|',
        groups: { x: 'a---|', y: 'b-b---|', z: 'a-|' },
      }),
    ));

  it('counts idleness from the last frames', () =>
    marbles((m) =>
      expectGroups(m, {
        idleMs: 4,
        source: '  -a--a--a--a---------|',
        expected: '-x------------------|',
        groups: { x: 'a--a--a--a---|' },
      }),
    ));

  it('ends the one idle longest at the bound', () =>
    marbles((m) =>
      expectGroups(m, {
        maxBuckets: 2,
        source: '  -a-b-a-c--b-|',
        expected: '-x-y---z--w-|',
        groups: { x: 'a---a----|', y: 'b---|', z: 'c----|', w: 'b-|' },
      }),
    ));

  it('tells no difference between groups that were in use within a thousandth of the idle time', () =>
    marbles((m) =>
      expectGroups(m, {
        idleMs: 6 * 1024,
        maxBuckets: 2,
        source: '  -a-b-a-c|',
        expected: '-x-y---z|',
        groups: { x: 'a---a-|', y: 'b----|', z: 'c|' },
      }),
    ));

  it('early unsubscribe: leaves the source and no timer, and a group that is listened to says nothing more', () =>
    marbles(({ cold, expectObservable, expectSubscriptions, scheduler }) => {
      const source = cold('-a-a---------b', values);
      const subs = '       ^!';
      const expected = '   -a------------';
      const firstGroup$ = source.pipe(
        groupByBucket({ idleMs: 4, scheduler }),
        take(1),
        mergeMap((group) => group),
      );
      expectObservable(firstGroup$).toBe(expected, values);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('throwing callback: where who listens to the groups throws, the source is left', () =>
    marbles(({ cold, expectObservable, expectSubscriptions, scheduler }) => {
      const source = cold('-a-b-', values);
      const subs = '       ^--!';
      const expected = '   -a-#';
      const defect = new Error('a defect');
      const groups$ = source.pipe(
        groupByBucket({ idleMs: 4, scheduler }),
        mergeMap((group) => {
          if (group.key === 'b') throw defect;
          return group;
        }),
      );
      expectObservable(groups$).toBe(expected, values, defect);
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('keeps its books by subscription', () =>
    marbles(({ cold, expectObservable, scheduler }) => {
      const grouped$ = cold('-a|', values).pipe(
        groupByBucket({ idleMs: 4, maxBuckets: 1, scheduler }),
        map(({ key }) => key),
      );
      expectObservable(grouped$).toBe('   -a|');
      expectObservable(grouped$).toBe('   -a|');
    }));

  it('uses the real clock by default', () => {
    const keys: string[] = [];
    const failure = new Error('source');
    of(frames('a', ['1']), frames('a', ['2']), frames('b', ['1']))
      .pipe(groupByBucket({ idleMs: 1000 }))
      .subscribe(({ key }) => keys.push(key));
    expect(keys).toEqual(['a', 'b']);
    const errors: unknown[] = [];
    throwError(() => failure)
      .pipe(groupByBucket({ idleMs: 1000 }))
      .subscribe({ error: (error: unknown) => errors.push(error) });
    expect(errors).toEqual([failure]);
  });
});
