import fc from 'fast-check';
import { BehaviorSubject, map, mergeMap, NEVER, Observable, of, throwError, timer, VirtualTimeScheduler } from 'rxjs';
import { createLedger } from '../../src/control/ledger';
import { SinkError, type Batch, type Health, type Sink, type Write } from '../../src/model';
import { streamPolicy } from '../../src/pipelines/policy';
import { replay } from '../../src/pipelines/replay/replay';
import { batchOf, delivered, messagesOf, testEnv } from '../../src/testing/builders';
import { fakeSpool, type FakeSpool } from '../support/fakeSpool';

/** What happens to the broker: nobody is there, nobody answers, or an acknowledgement is lost. */
type Trouble = 'down' | 'hangs' | 'silent';

interface Outage {
  readonly atMs: number;
  readonly forMs: number;
  readonly trouble: Trouble;
  /** Undefined: of all. */
  readonly bucket: string | undefined;
}

interface Arrival {
  readonly atMs: number;
  readonly bucket: string;
}

interface Entry {
  readonly batch: Batch;
  readonly done: () => void;
  cancelled: boolean;
}

const BUCKETS = ['a', 'b', 'c'];
const END_MS = 60_000;

/** A broker that keeps the order of each bucket, answers after 3 ms, and has taken `log`. */
const fakeBroker = (scheduler: VirtualTimeScheduler) => {
  const log = new Map<string, string[]>();
  const queues = new Map<string, Entry[]>();
  const troubles = new Map<string | undefined, Trouble>();
  const health$ = new BehaviorSubject<Health>({ state: 'up' });

  const troubleOf = (bucket: string): Trouble | undefined => troubles.get(undefined) ?? troubles.get(bucket);
  const work = (bucket: string): void => {
    const [head] = queues.get(bucket) ?? [];
    if (!head || head.cancelled) return;
    const trouble = troubleOf(bucket);
    if (trouble === 'down' || trouble === 'hangs') return;
    scheduler.schedule(() => {
      const queue = queues.get(bucket) ?? [];
      if (queue[0] !== head) return;
      log.set(bucket, [...(log.get(bucket) ?? []), ...messagesOf(head.batch)]);
      if (troubleOf(bucket) === 'silent') return;
      queue.shift();
      head.done();
      work(bucket);
    }, 3);
  };
  const write: Write = (batch, giveUp$) =>
    new Observable((subscriber) => {
      const queue = queues.get(batch.bucket) ?? [];
      queues.set(batch.bucket, queue);
      const entry: Entry = {
        ...{ batch, cancelled: false },
        done: () => {
          subscriber.next(delivered(batch));
          subscriber.complete();
        },
      };
      queue.push(entry);
      if (queue.length === 1) work(batch.bucket);
      subscriber.add(
        giveUp$.subscribe(() => {
          const index = queue.indexOf(entry);
          if (index < 0) return;
          queue.splice(index, 1);
          // As with Kafka, it is told a moment later; the head may have been taken.
          const written = index === 0 ? 'unknown' : 'no';
          const rest = { batch, cause: { kind: 'gave_up', message: 'told to' }, written } as const;
          scheduler.schedule(() => subscriber.error(new SinkError('broker', [rest])), 1);
          if (index === 0) work(batch.bucket);
        }),
      );
    });

  const set = ({ trouble, bucket }: Outage): void => {
    troubles.set(bucket, trouble);
    if (trouble === 'down' && bucket === undefined) health$.next({ state: 'down', cause: 'refused' });
  };
  const heal = ({ bucket }: Outage): void => {
    troubles.delete(bucket);
    if (health$.value.state === 'down') health$.next({ state: 'up' });
    BUCKETS.forEach(work);
  };
  const sink: Sink = { write, health$, retries: true, close: () => Promise.resolve() };
  return { sink, log, set, heal };
};

/** Appends to the spool after a moment; every seventh attempt fails at first. */
const fakeBackup = (scheduler: VirtualTimeScheduler, spool: FakeSpool): Pick<Sink, 'write' | 'health$' | 'close'> => {
  let attempts = 0;
  return {
    health$: of({ state: 'up' }),
    close: () => Promise.resolve(),
    write: (batch) =>
      timer(attempts % 5, scheduler).pipe(
        mergeMap(() => {
          attempts += 1;
          const cause = { kind: 'unavailable', message: 'full' } as const;
          if (attempts % 7 === 0) return throwError(() => new SinkError('b', [{ batch, cause, written: 'no' }]));
          spool.append(batch);
          return of(delivered(batch));
        }),
      ),
  };
};

const outage: fc.Arbitrary<Outage> = fc.record({
  atMs: fc.integer({ min: 0, max: 20_000 }),
  forMs: fc.integer({ min: 100, max: 12_000 }),
  trouble: fc.constantFrom<Trouble>('down', 'hangs', 'silent'),
  bucket: fc.constantFrom(undefined, ...BUCKETS),
});

const arrival: fc.Arbitrary<Arrival> = fc.record({
  atMs: fc.integer({ min: 0, max: 40_000 }),
  bucket: fc.constantFrom(...BUCKETS),
});

const run = (outages: readonly Outage[], arrivals: readonly Arrival[], left: number) => {
  const scheduler = new VirtualTimeScheduler();
  const ledger = createLedger();
  const env = testEnv({ scheduler, ledger, now: () => scheduler.now() });
  const spool = fakeSpool();
  const accepted = new Map<string, string[]>();
  const accept = (bucket: string): Batch => {
    const messages = accepted.get(bucket) ?? [];
    accepted.set(bucket, messages);
    messages.push(`${bucket}${messages.length}`);
    return batchOf(bucket, messages.slice(-1));
  };
  // What an earlier process left.
  for (let n = 0; n < left; n += 1) spool.add(`old-${n}`, 'a', [accept('a')]);

  const broker = fakeBroker(scheduler);
  const policy = streamPolicy(
    { id: 's', failover: { afterMs: 1000, retryMs: 500 }, backup: { replay: 'ordered' } },
    {
      ...{ primary: broker.sink, backup: fakeBackup(scheduler, spool) },
      ...{ deadLetter: undefined, deadlineMs: undefined, share: undefined },
    },
    env,
  );
  replay({
    ...{ stream: 's', backup: spool, drain: undefined, drainExists: () => of(false), primary: policy.primary },
    ...{ files: spool, rate: 1, retryMs: 500, owned$: NEVER, stop$: timer(END_MS, scheduler), giveUp$: NEVER, env },
  }).subscribe();
  for (const one of outages) {
    scheduler.schedule(() => broker.set(one), one.atMs);
    scheduler.schedule(() => broker.heal(one), one.atMs + one.forMs);
  }
  const receipts: string[] = [];
  for (const { atMs, bucket } of [...arrivals].sort((x, y) => x.atMs - y.atMs))
    scheduler.schedule(() => {
      policy
        .write(accept(bucket), NEVER)
        .pipe(map(({ batch }) => receipts.push(...messagesOf(batch))))
        .subscribe();
    }, atMs);
  scheduler.flush();
  return { accepted, broker, spool, receipts, order: policy.primary.order };
};

describe('a stream whose backup is replayed in order', () => {
  it('delivers each bucket in the order of acceptance and loses nothing, whatever the outages', () => {
    fc.assert(
      fc.property(
        fc.array(outage, { maxLength: 4 }),
        fc.array(arrival, { maxLength: 120 }),
        fc.integer({ min: 0, max: 5 }),
        (outages, arrivals, left) => {
          const { accepted, broker, spool, receipts, order } = run(outages, arrivals, left);
          expect(receipts).toHaveLength(arrivals.length);
          expect(spool.left()).toBe(0);
          for (const [bucket, messages] of accepted) expect([...new Set(broker.log.get(bucket))]).toEqual(messages);
          // Nothing is remembered of buckets that have caught up.
          expect(order?.diverted() ?? new Set()).toEqual(new Set());
        },
      ),
      { numRuns: 150 },
    );
  });
});
