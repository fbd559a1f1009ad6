import { BehaviorSubject, mergeMap, NEVER, of, take, throwError } from 'rxjs';
import { SinkError, type Health, type Sink, type Write } from '../../src/model';
import { writePolicy } from '../../src/pipelines/policy';
import { batchOf, delivered, memoryLog, testEnv, unavailable } from '../support/builders';
import { marbles } from '../support/marbles';

const batch = batchOf('b', ['1']);
const stream = { id: 'kafka_01', failover: { afterMs: 5_000, retryMs: 10_000 } };
const sink = (write: Write, parts: Partial<Sink> = {}): Sink => ({
  write,
  health$: new BehaviorSubject<Health>({ state: 'up' }),
  close: () => Promise.resolve(),
  ...parts,
});
const r = delivered(batch);
const takes: Write = () => of(r);
const hung: Write = (_, giveUp$) =>
  giveUp$.pipe(
    take(1),
    mergeMap(() => throwError(() => new SinkError('kafka_01', [unavailable(batch)]))),
  );
/** Fails so often, then takes. */
const failing = (times: number): Write => {
  let left = times;
  return () => (left-- > 0 ? throwError(() => new SinkError('s', [unavailable(batch)])) : of(r));
};

describe('writePolicy', () => {
  it('with a backup: hands over when the primary has not answered for afterMs, and says so', () => {
    const log = memoryLog();
    marbles(({ scheduler, expectObservable }) => {
      const write = writePolicy(
        stream,
        { primary: sink(hung), backup: sink(takes), deadlineMs: undefined },
        testEnv({ scheduler, log }),
      );
      expectObservable(write(batch, NEVER)).toBe('5s (b|)', { b: { ...r, how: 'backedUp' } });
    });
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: 'stream open: messages go to the backup',
        fields: { stream: 'kafka_01', cause: 'no acknowledgement for 5000 ms' },
      },
    ]);
  });

  it('with a backup: hands over when the primary is down for 2 s', () =>
    marbles(({ scheduler, expectObservable }) => {
      const health$ = new BehaviorSubject<Health>({ state: 'down', cause: 'refused' });
      const write = writePolicy(
        stream,
        { primary: sink(hung, { health$ }), backup: sink(takes), deadlineMs: undefined },
        testEnv({ scheduler }),
      );
      expectObservable(write(batch, NEVER)).toBe('2s (b|)', { b: { ...r, how: 'backedUp' } });
    }));

  it('with a backup that fails: tries the backup again', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = writePolicy(
        stream,
        { primary: sink(failing(9)), backup: sink(failing(2)), deadlineMs: undefined },
        testEnv({ scheduler }),
      );
      expectObservable(write(batch, NEVER)).toBe('300ms (b|)', { b: { ...r, how: 'backedUp' } });
    }));

  it('without a backup: tries again until it is taken', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = writePolicy(
        stream,
        { primary: sink(failing(3)), backup: undefined, deadlineMs: undefined },
        testEnv({ scheduler }),
      );
      expectObservable(write(batch, NEVER)).toBe('700ms (r|)', { r });
    }));

  it('without a backup: leaves the trying to a sink that does it itself, and gives up at the deadline', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = writePolicy(
        stream,
        { primary: sink(hung, { retries: true }), backup: undefined, deadlineMs: 60_000 },
        testEnv({ scheduler }),
      );
      expectObservable(write(batch, NEVER)).toBe('60s #', {}, new SinkError('kafka_01', [unavailable(batch)]));
    }));
});
