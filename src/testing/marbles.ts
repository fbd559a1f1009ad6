import { TestScheduler, type RunHelpers } from 'rxjs/testing';

/** What a marble spec gets: rxjs's helpers, with the virtual clock as a scheduler and as `now`. */
export interface Marbles extends RunHelpers {
  readonly scheduler: TestScheduler;
}

/**
 * Runs a marble spec on virtual time: one frame is one millisecond.
 *
 * ```ts
 * it('doubles', () => marbles(({ cold, expectObservable, expectSubscriptions }) => {
 *   const source = cold('  -a-b-|', { a: 1, b: 2 });
 *   const subs = '         ^----!';
 *   const expected = '     -a-b-|';
 *   expectObservable(source.pipe(map((n) => n * 2))).toBe(expected, { a: 2, b: 4 });
 *   expectSubscriptions(source.subscriptions).toBe(subs);
 * }));
 * ```
 */
export const marbles = (spec: (helpers: Marbles) => void): void => {
  const scheduler = new TestScheduler((actual, expected) => {
    expect(actual).toEqual(expected);
  });
  scheduler.run((helpers) => {
    spec({ ...helpers, scheduler });
  });
};
