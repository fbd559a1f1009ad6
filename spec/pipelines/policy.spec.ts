import {
  BehaviorSubject,
  map,
  merge,
  mergeMap,
  NEVER,
  of,
  race,
  shareReplay,
  throwError,
  timer,
  type Observable,
  type SchedulerLike,
} from 'rxjs';
import { createUnsettled } from '../../src/control/unsettled';
import { SinkError, type Batch, type Health, type Receipt, type Rest, type Sink, type Write } from '../../src/model';
import { streamPolicy } from '../../src/pipelines/policy';
import { batchOf, delivered, memoryLog, testEnv, unavailable } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { failsWhenTold } from '../support/writes';

const writePolicy = (...parts: Parameters<typeof streamPolicy>): Write => streamPolicy(...parts).write;

const batch = batchOf('b', ['1']);
const stream = { id: 'kafka_01', failover: { afterMs: 5_000, retryMs: 10_000 } };
const sink = (write: Write, parts: Partial<Sink> = {}): Sink => ({
  write,
  health$: new BehaviorSubject<Health>({ state: 'up' }),
  close: () => Promise.resolve(),
  ...parts,
});
const none = {
  backup: undefined,
  deadLetter: undefined,
  deadlineMs: undefined,
  share: undefined,
};
const r = delivered(batch);
const takes: Write = () => of(r);
const hung = failsWhenTold(new SinkError('kafka_01', [unavailable(batch)]));
/** Fails so often, then takes. */
const failing = (times: number): Write => {
  let left = times;
  return () => (left-- > 0 ? throwError(() => new SinkError('s', [unavailable(batch)])) : of(r));
};

describe('writePolicy', () => {
  it('with a backup: hands a bucket over that has had no answer for afterMs, and says so', () => {
    const log = memoryLog();
    marbles(({ scheduler, expectObservable }) => {
      const write = writePolicy(
        stream,
        { ...none, primary: sink(hung), backup: sink(takes) },
        testEnv({ scheduler, log }),
      );
      expectObservable(write(batch, NEVER)).toBe('5s (b|)', { b: { ...r, how: 'backedUp' } });
    });
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: 'topic open: its messages go to the backup',
        fields: { stream: 'kafka_01', bucket: 'b', cause: 'no acknowledgement for 5000 ms' },
      },
    ]);
  });

  it('with a backup: remembers the state of no more buckets than may be open', () => {
    const log = memoryLog();
    marbles(({ scheduler, flush }) => {
      const env = testEnv({ scheduler, log, maxBuckets: 1 });
      const write = writePolicy(stream, { ...none, primary: sink(hung), backup: sink(takes) }, env);
      write(batch, NEVER).subscribe();
      scheduler.schedule(() => write(batchOf('other', ['1']), NEVER).subscribe(), 6_000);
      flush();
    });
    expect(log.lines.map(({ message, fields }) => [message, fields['bucket']])).toEqual([
      ['topic open: its messages go to the backup', 'b'],
      ['topic closed: its messages go to the primary', 'b'],
      ['topic open: its messages go to the backup', 'other'],
    ]);
  });

  it('with a backup: hands over when the primary is down for 2 s', () =>
    marbles(({ scheduler, expectObservable }) => {
      const health$ = new BehaviorSubject<Health>({ state: 'down', cause: 'refused' });
      const write = writePolicy(
        stream,
        { ...none, primary: sink(hung, { health$ }), backup: sink(takes) },
        testEnv({ scheduler }),
      );
      expectObservable(write(batch, NEVER)).toBe('2s (b|)', { b: { ...r, how: 'backedUp' } });
    }));

  it('with a backup that fails: tries the backup again', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = writePolicy(
        stream,
        { ...none, primary: sink(failing(9)), backup: sink(failing(2)) },
        testEnv({ scheduler }),
      );
      expectObservable(write(batch, NEVER)).toBe('300ms (b|)', { b: { ...r, how: 'backedUp' } });
    }));

  it('with a backup that fails: what waits goes to the primary when that is back, and is its probe', () =>
    marbles(({ scheduler, expectObservable }) => {
      const health$ = new BehaviorSubject<Health>({ state: 'down', cause: 'refused' });
      const primary: Write = (part, giveUp$) => (health$.value.state === 'up' ? of(r) : hung(part, giveUp$));
      const write = writePolicy(
        stream,
        { ...none, primary: sink(primary, { health$ }), backup: sink(failing(Infinity)) },
        testEnv({ scheduler, random: () => 0.5 }),
      );
      timer(15_000, scheduler).subscribe(() => health$.next({ state: 'up' }));
      // Down for 2 s, then tries after 0.1, 0.2, 0.4, 0.8, 1.6, 3.2 and each 5 s: the first after 15 s.
      expectObservable(write(batch, NEVER)).toBe('18300ms (d|)', { d: r });
    }));

  it('with a backup that tries again by itself: what waits for it goes to the primary as soon as that is back', () =>
    marbles(({ scheduler, expectObservable }) => {
      const health$ = new BehaviorSubject<Health>({ state: 'down', cause: 'refused' });
      const primary: Write = (part, giveUp$) => (health$.value.state === 'up' ? of(r) : hung(part, giveUp$));
      const write = writePolicy(
        stream,
        { ...none, primary: sink(primary, { health$ }), backup: sink(hung, { retries: true }) },
        testEnv({ scheduler, random: () => 0.5 }),
      );
      timer(15_000, scheduler).subscribe(() => health$.next({ state: 'up' }));
      expectObservable(write(batch, NEVER)).toBe('15s (d|)', { d: r });
    }));

  it('without a backup: tries again until it is taken', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = writePolicy(stream, { ...none, primary: sink(failing(3)) }, testEnv({ scheduler }));
      expectObservable(write(batch, NEVER)).toBe('700ms (r|)', { r });
    }));

  it('without a backup: leaves the trying to a sink that does it itself, and gives up at the deadline', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = writePolicy(
        stream,
        { ...none, primary: sink(hung, { retries: true }), deadlineMs: 60_000 },
        testEnv({ scheduler }),
      );
      expectObservable(write(batch, NEVER)).toBe('60s #', {}, new SinkError('kafka_01', [unavailable(batch)]));
    }));

  it('with a backup: another bucket that is taken keeps nothing waiting, and goes on', () =>
    marbles(({ scheduler, expectObservable }) => {
      const other = batchOf('other', ['2']);
      const primary: Write = (one, giveUp$) => (one === other ? of(delivered(other)) : hung(one, giveUp$));
      const write = writePolicy(
        stream,
        { ...none, primary: sink(primary), backup: sink(takes) },
        testEnv({ scheduler }),
      );
      const later$ = timer(6_000, scheduler).pipe(mergeMap(() => write(other, NEVER)));
      expectObservable(write(batch, NEVER)).toBe('5s (b|)', { b: { ...r, how: 'backedUp' } });
      expectObservable(write(other, NEVER)).toBe('(o|)', { o: delivered(other) });
      expectObservable(later$).toBe('6s (o|)', { o: delivered(other) });
    }));

  it('with a backup: a topic in trouble stops only itself; the stream’s probe goes on with another', () => {
    const log = memoryLog();
    marbles(({ scheduler, expectObservable }) => {
      const other = batchOf('other', ['2']);
      const health$ = new BehaviorSubject<Health>({ state: 'topicsDown', topics: new Map([['b', 'forbidden']]) });
      const primary: Write = (one, giveUp$) => (one === other ? of(delivered(other)) : hung(one, giveUp$));
      const write = writePolicy(
        stream,
        { ...none, primary: sink(primary, { health$ }), backup: sink(takes) },
        testEnv({ scheduler, log }),
      );
      expectObservable(write(batch, NEVER)).toBe('2s (b|)', { b: { ...r, how: 'backedUp' } });
      const later$ = timer(3_000, scheduler).pipe(mergeMap(() => merge(write(batch, NEVER), write(other, NEVER))));
      expectObservable(later$).toBe('3s (bo|)', { b: { ...r, how: 'backedUp' }, o: delivered(other) });
    });
    expect(log.lines).toEqual([
      {
        level: 'warn',
        message: 'topic open: its messages go to the backup',
        fields: { stream: 'kafka_01', bucket: 'b', cause: 'forbidden' },
      },
    ]);
  });

  it('after an outage: the first batch of a topic in trouble does not keep the stream open for the others', () => {
    const log = memoryLog();
    marbles(({ scheduler, expectObservable }) => {
      const other = batchOf('other', ['2']);
      const health$ = new BehaviorSubject<Health>({ state: 'down', cause: 'refused' });
      timer(5_000, scheduler).subscribe(() => health$.next({ state: 'up' }));
      const primary: Write = (one, giveUp$) =>
        one === other && health$.value.state === 'up' ? of(delivered(other)) : hung(one, giveUp$);
      const write = writePolicy(
        stream,
        { ...none, primary: sink(primary, { health$ }), backup: sink(takes) },
        testEnv({ scheduler, log }),
      );
      const at = (ms: number, one: Batch): Observable<Receipt> =>
        timer(ms, scheduler).pipe(mergeMap(() => write(one, NEVER)));
      expectObservable(at(0, other)).toBe('2s (o|)', { o: { ...r, how: 'backedUp' } });
      // The bad one probes from 13 s on, until its own breaker opens; the other waits for it and then probes itself.
      expectObservable(at(13_000, batch)).toBe('18s (b|)', { b: { ...r, how: 'backedUp' } });
      expectObservable(at(14_000, other)).toBe('18s (o|)', { o: delivered(other) });
    });
    expect(log.lines.filter(({ level }) => level !== 'debug').map(({ message }) => message)).toEqual([
      'stream open: messages go to the backup',
      'topic open: its messages go to the backup',
      'stream closed: messages go to the primary',
    ]);
  });

  it('hands poison to the dead letters, past the backup, and says why once a minute', () => {
    const log = memoryLog();
    const never = jest.fn<ReturnType<Write>, Parameters<Write>>();
    marbles(({ scheduler, expectObservable }) => {
      const poison: Write = () =>
        throwError(
          () => new SinkError('kafka_01', [{ batch, cause: { kind: 'poison', message: 'too large' }, written: 'no' }]),
        );
      const sinks = { ...none, primary: sink(poison), backup: sink(never), deadLetter: sink(failing(1)) };
      const write = writePolicy(stream, sinks, testEnv({ scheduler, log }));
      const dead = { d: { ...r, how: 'deadLettered' as const } };
      for (const [ms, expected] of [
        [0, '100ms (d|)'],
        [59_999, '59999ms (d|)'],
        [60_000, '60s (d|)'],
      ] as const)
        expectObservable(timer(ms, scheduler).pipe(mergeMap(() => write(batch, NEVER)))).toBe(expected, dead);
    });
    const line = {
      level: 'warn',
      message: 'messages that no sink takes go to the dead letters',
      fields: { stream: 'kafka_01', bucket: 'b', count: 1, cause: 'too large' },
    };
    expect(log.lines).toEqual([line, line]);
    expect(never).not.toHaveBeenCalled();
  });

  it('without dead letters: fails with the poison, and says why', () => {
    const log = memoryLog();
    const error = new SinkError('kafka_01', [
      { batch, cause: { kind: 'poison', message: 'too large' }, written: 'no' },
    ]);
    marbles(({ scheduler, expectObservable }) => {
      const write = writePolicy(
        stream,
        { ...none, primary: sink(() => throwError(() => error)) },
        testEnv({ scheduler, log }),
      );
      expectObservable(write(batch, NEVER)).toBe('#', {}, error);
    });
    expect(log.lines.map(({ message, fields }) => [message, fields['cause']])).toEqual([
      ['messages that no sink takes are dropped: there is no deadLetter, and no file backup', 'too large'],
    ]);
  });

  it('keeps in the spool what nobody took when the drain gave up', () =>
    marbles(({ hot, scheduler, expectObservable }) => {
      const spool = sink(takes);
      const write = writePolicy(
        stream,
        { ...none, primary: sink(hung, { retries: true }), spool },
        testEnv({ scheduler }),
      );
      expectObservable(write(batch, hot('---g').pipe(shareReplay({ bufferSize: 1, refCount: false })))).toBe(
        '---(b|)',
        {
          b: { ...r, how: 'backedUp' },
        },
      );
    }));

  describe('with a spool that does not take it', () => {
    const told = (hot: (marble: string) => Observable<unknown>) =>
      hot('---g').pipe(shareReplay({ bufferSize: 1, refCount: false }));
    const withSpool = (
      scheduler: SchedulerLike,
      spool: Write,
      parts: Partial<Parameters<typeof streamPolicy>[1]> = {},
    ) => {
      const { unsettled, written } = createUnsettled();
      const env = testEnv({ scheduler, unsettled });
      const write = writePolicy(
        stream,
        { ...none, primary: sink(hung, { retries: true }), spool: sink(spool), ...parts },
        env,
      );
      return {
        left: () => [...written()].map(({ batch: part }) => part),
        write,
        sight: () => unsettled.writing('kafka_01', batch),
      };
    };

    it('waits for a spool that answers 10 s after the drain gave up', () =>
      marbles(({ hot, scheduler, expectObservable }) => {
        const slow: Write = (part, giveUp$) =>
          race(
            failsWhenTold(new SinkError('spool', [unavailable(part)]))(part, giveUp$),
            timer(10_000, scheduler).pipe(map(() => r)),
          );
        const { write } = withSpool(scheduler, slow);
        expectObservable(write(batch, told(hot))).toBe('--- 10s (b|)', { b: { ...r, how: 'backedUp' } });
      }));

    it('tries a full one again, and never says that it is lost', () =>
      marbles(({ hot, scheduler, expectObservable }) => {
        const { write } = withSpool(scheduler, failing(Infinity));
        expectObservable(write(batch, told(hot)), '^ 60s !').toBe('');
        const { write: later } = withSpool(scheduler, failing(3));
        // After 100, 200 and 400 ms.
        expectObservable(later(batch, told(hot))).toBe('--- 700ms (b|)', { b: { ...r, how: 'backedUp' } });
      }));

    it('shows of what the primary took in part only the rest', () => {
      const [two, three] = [batchOf('b', ['2']), batchOf('b', ['3'])];
      marbles(({ hot, scheduler, expectObservable, flush }) => {
        const spool: Write = (part) => (part === two ? of(delivered(two)) : NEVER);
        const primary = sink(failsWhenTold(new SinkError('kafka_01', [unavailable(two), unavailable(three)])), {
          retries: true,
        });
        const { left, sight, write } = withSpool(scheduler, spool, { primary });
        sight();
        expectObservable(write(batch, told(hot))).toBe('---b', { b: { ...delivered(two), how: 'backedUp' } });
        expect(left()).toEqual([batch]);
        flush();
        expect(left()).toEqual([three]);
      });
    });

    it('keeps what the dead letters did not take in time', () =>
      marbles(({ hot, scheduler, expectObservable }) => {
        const poison: Rest = { batch, cause: { kind: 'poison', message: 'too large' }, written: 'no' };
        const { write } = withSpool(scheduler, takes, {
          primary: sink(() => throwError(() => new SinkError('kafka_01', [poison]))),
          deadLetter: sink(failsWhenTold(new SinkError('dead', [unavailable(batch)])), { retries: true }),
        });
        expectObservable(write(batch, told(hot))).toBe('--- 3s (b|)', { b: { ...r, how: 'backedUp' } });
      }));
  });

  it('tells who sends on what goes to the backup, and when the primary is back', () =>
    marbles(({ scheduler, expectObservable }) => {
      const health$ = new BehaviorSubject<Health>({ state: 'down', cause: 'refused' });
      const { write, primary } = streamPolicy(
        stream,
        { ...none, primary: sink(hung, { health$ }), backup: sink(takes) },
        testEnv({ scheduler }),
      );
      expectObservable(primary.backedUp$).toBe('2s u', { u: undefined });
      expectObservable(primary.returned$.pipe(map(() => 'back'))).toBe('5s b', { b: 'back' });
      expectObservable(write(batch, NEVER)).toBe('2s (b|)', { b: { ...r, how: 'backedUp' } });
      const isOpen$ = timer(3_000, scheduler).pipe(map(() => primary.isOpen()));
      expectObservable(isOpen$).toBe('3s (o|)', { o: true });
      timer(5_000, scheduler).subscribe(() => health$.next({ state: 'up' }));
    }));

  it('sends on through the breakers of live traffic, and never to the backup', () =>
    marbles(({ scheduler, expectObservable }) => {
      const health$ = new BehaviorSubject<Health>({ state: 'down', cause: 'refused' });
      const { write, primary } = streamPolicy(
        stream,
        { ...none, primary: sink(hung, { health$ }), backup: sink(takes) },
        testEnv({ scheduler }),
      );
      expectObservable(write(batch, NEVER)).toBe('2s (b|)', { b: { ...r, how: 'backedUp' } });
      const rest = { batch, cause: { kind: 'unavailable', message: 'refused' }, written: 'no' } as const;
      const later$ = timer(3_000, scheduler).pipe(mergeMap(() => primary.write(batch, NEVER)));
      expectObservable(later$).toBe('3s #', {}, new SinkError('kafka_01', [rest]));
    }));

  it('without a backup: sends on through breakers of its own, which do not stop what is live', () => {
    const log = memoryLog();
    marbles(({ scheduler, expectObservable }) => {
      const { write, primary } = streamPolicy(
        stream,
        { ...none, primary: sink(hung, { retries: true }), deadlineMs: 9_000 },
        testEnv({ scheduler, log }),
      );
      const error = new SinkError('kafka_01', [unavailable(batch)]);
      expectObservable(primary.write(batch, NEVER)).toBe('5s #', {}, error);
      expectObservable(write(batch, NEVER)).toBe('9s #', {}, error);
    });
    expect(log.lines.filter(({ level }) => level !== 'debug')).toEqual([]);
  });

  describe('over its share', () => {
    const share = { messages: 1, bytes: 1_000 };

    it('with a backup: hands over at once', () =>
      marbles(({ scheduler, expectObservable }) => {
        const write = writePolicy(
          stream,
          { ...none, primary: sink(hung), backup: sink(takes), share },
          testEnv({ scheduler }),
        );
        expectObservable(write(batch, NEVER)).toBe('5s (b|)', { b: { ...r, how: 'backedUp' } });
        expectObservable(write(batch, NEVER)).toBe('(b|)', { b: { ...r, how: 'backedUp' } });
      }));

    it('without a backup: waits for its turn, and its deadline runs meanwhile', () =>
      marbles(({ cold, scheduler, expectObservable }) => {
        const write = writePolicy(
          stream,
          { ...none, primary: sink(() => cold('-----r|', { r }), { retries: true }), share, deadlineMs: 11 },
          testEnv({ scheduler }),
        );
        expectObservable(write(batch, NEVER)).toBe('------(r|)', { r });
        expectObservable(write(batch, NEVER)).toBe('------------(r|)', { r });
        expectObservable(write(batch, NEVER)).toBe(
          '-----------#',
          {},
          new SinkError('kafka_01', [
            {
              batch,
              cause: { kind: 'gave_up', message: 'told to stop while the stream held its whole share' },
              written: 'no',
            },
          ]),
        );
      }));
  });
});
