import { map, merge, mergeMap, of, take, throwError } from 'rxjs';
import { SinkError, type Rest, type Write } from '../../src/model';
import { handOver } from '../../src/operators/handOver';
import { withRetry } from '../../src/operators/withRetry';
import { batchOf, unavailable } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

const batch = batchOf('b', ['1']);
const gaveUp: Rest = { ...unavailable(batch), cause: { kind: 'gave_up', message: 'told to' } };

/** Takes nothing, and says once it is told to give up that it did. */
const full: Write = (_, giveUp$) =>
  merge(giveUp$.pipe(map(() => gaveUp)), of(unavailable(batch))).pipe(
    take(1),
    mergeMap((rest) => throwError(() => new SinkError('full', [rest]))),
  );
const failing: Write = () => throwError(() => new SinkError('primary', [unavailable(batch)]));

describe('handOver', () => {
  it('gives the second sink its grace once, however often that tries', () =>
    marbles(({ hot, expectObservable, scheduler }) => {
      const giveUp$ = hot(' --g');
      const expected = '    -------#';
      const retried = withRetry({ minMs: 1, maxMs: 1, random: () => 0.5, scheduler })(full);
      const write = handOver(retried, { takes: () => true, graceMs: 5, scheduler })(failing);
      expectObservable(write(batch, giveUp$)).toBe(expected, {}, new SinkError('primary', [gaveUp]));
    }));

  it('early unsubscribe: leaves giveUp$', () =>
    marbles(({ hot, expectObservable, expectSubscriptions, scheduler }) => {
      const giveUp$ = hot(' -----');
      const subs = '        ^--!';
      const retried = withRetry({ minMs: 10, maxMs: 10, random: () => 0.5, scheduler })(() => failing(batch, giveUp$));
      const write = handOver(retried, { takes: () => true, graceMs: 5, scheduler })(failing);
      expectObservable(write(batch, giveUp$), subs).toBe('----');
      expectSubscriptions(giveUp$.subscriptions).toBe([subs]);
    }));
});
