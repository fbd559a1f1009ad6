import fc from 'fast-check';
import { mergeMap, NEVER, Observable, of, Subject, VirtualTimeScheduler } from 'rxjs';
import type { Batch, Connection, Deliver, Outcome, Status, Synced } from '../../src/model';
import { credit } from '../../src/operators/credit';
import { groupByBucket } from '../../src/operators/groupByBucket';
import { bucketPipeline, type Route } from '../../src/pipelines/bucket';
import { createHalfFrames } from '../../src/pipelines/halfFrames';
import { ingest } from '../../src/pipelines/ingest';
import { encodeFrame } from '../../src/wire/frame';
import { createSyncedReader, encodeSync } from '../../src/wire/sync';
import { noSegments } from '../support/accepted';
import { messagesOf, outcomeOf, testEnv } from '../../src/testing/builders';

const CONNECTIONS = 3;
/** `memory` and `journaled` are routed, `unknown` is not. */
const BUCKETS = ['memory', 'other', 'journaled', 'unknown'] as const;
const STREAMS = ['first', 'second'] as const;

type Fate = 'delivered' | 'sampledOut' | 'backedUp' | 'deadLettered' | 'dropped';
const STATUS: Readonly<Record<Fate, Status>> = {
  delivered: 0,
  sampledOut: 0,
  backedUp: 1,
  deadLettered: 1,
  dropped: 2,
};

type Part =
  { readonly sent: 'message'; readonly bucket: (typeof BUCKETS)[number] } | { readonly sent: 'malformed' | 'sync' };

type Action =
  | { readonly act: 'write'; readonly connection: number; readonly parts: readonly Part[] }
  /** A batch that a stream has settles, its messages as `fates` say, over and over. */
  | { readonly act: 'settle'; readonly which: number; readonly fates: readonly Fate[] }
  | { readonly act: 'journal'; readonly which: number }
  | { readonly act: 'wait'; readonly ms: number };

const part: fc.Arbitrary<Part> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ sent: fc.constant('message' as const), bucket: fc.constantFrom(...BUCKETS) }) },
  { weight: 1, arbitrary: fc.constant<Part>({ sent: 'malformed' }) },
  { weight: 3, arbitrary: fc.constant<Part>({ sent: 'sync' }) },
);
const fates = fc.oneof(
  { weight: 4, arbitrary: fc.constant<Fate[]>(['delivered']) },
  {
    weight: 3,
    arbitrary: fc.array(fc.constantFrom<Fate>('delivered', 'sampledOut', 'backedUp', 'deadLettered', 'dropped'), {
      minLength: 1,
      maxLength: 5,
    }),
  },
);
const action: fc.Arbitrary<Action> = fc.oneof(
  fc.record({
    act: fc.constant('write' as const),
    connection: fc.nat(CONNECTIONS - 1),
    parts: fc.array(part, { minLength: 1, maxLength: 6 }),
  }),
  fc.record({ act: fc.constant('settle' as const), which: fc.nat(), fates }),
  fc.record({ act: fc.constant('journal' as const), which: fc.nat() }),
  fc.record({ act: fc.constant('wait' as const), ms: fc.nat(30) }),
);

/** What is known of one epoch of a connection: the truth, beside what its answer says. */
interface Epoch {
  readonly token: number;
  readonly messages: readonly string[];
  readonly refused: number;
}

const settledAs = (stream: string, batch: Batch, of: readonly Fate[]): Outcome => {
  const counts = { delivered: 0, sampledOut: 0, backedUp: 0, deadLettered: 0, dropped: 0 };
  for (let n = 0; n < batch.count; n += 1) counts[of[n % of.length] ?? 'delivered'] += 1;
  const { dropped, ...others } = counts;
  return outcomeOf(stream, batch, { ...others, dropped: dropped > 0 ? [{ reason: 'poison', count: dropped }] : [] });
};

/** The way from connections to settled batches, whose streams and journal do as they are told. */
class World {
  readonly scheduler = new VirtualTimeScheduler();
  readonly answers: Synced[][] = Array.from({ length: CONNECTIONS }, () => []);
  readonly epochs: Epoch[][] = Array.from({ length: CONNECTIONS }, () => []);
  /** By message, on how many streams it has settled, and the worst that a batch with it met. */
  private readonly settled = new Map<string, { streams: number; batchWorst: Status; own: Status }>();
  private readonly writing: ((of: readonly Fate[]) => void)[] = [];
  private readonly journaling: (() => void)[] = [];
  private readonly open: { messages: string[]; refused: number }[];
  private readonly inputs = Array.from({ length: CONNECTIONS }, () => new Subject<Buffer>());
  private serial = 0;
  private readonly env = testEnv({ scheduler: this.scheduler });

  constructor(finished: () => void) {
    this.open = this.inputs.map(() => ({ messages: [], refused: 0 }));
    const { env, scheduler } = this;
    const halfFrames = createHalfFrames({ held: env.held, highMark: 1 << 30, frameTimeoutMs: 1e6, scheduler });
    const route = (bucket: string): Route => ({
      limits: { count: 4, bytes: 1e6, ms: 10 },
      streams: STREAMS.map((id) => ({ id, deliver: this.deliver(id) })),
      journaled: bucket === 'journaled',
    });
    const append = (): Observable<never> =>
      new Observable((written) => void this.journaling.push(() => written.complete()));
    const accepts = (bucket: string): boolean => bucket !== 'unknown';
    of(...this.inputs.map((input, id) => this.connection(id, input)))
      .pipe(
        ingest({ env, maxFrame: 1000, accepts, halfFrames }),
        groupByBucket({ idleMs: 1e6, scheduler }),
        mergeMap((group$) =>
          group$.pipe(
            bucketPipeline(group$.key, route(group$.key), NEVER, { ...env, segments: { ...noSegments, append } }),
          ),
        ),
        credit(env),
      )
      .subscribe({ complete: finished });
  }

  do(given: Action): void {
    if (given.act === 'write') this.write(given.connection, given.parts);
    else if (given.act === 'settle') this.take(this.writing, given.which)?.(given.fates);
    else if (given.act === 'journal') this.take(this.journaling, given.which)?.();
    else this.wait(given.ms);
  }

  /** All clients leave, and all that is under way settles. */
  finish(): void {
    for (const input of this.inputs) input.complete();
    while (this.writing.length + this.journaling.length > 0) {
      this.take(this.journaling, 0)?.();
      this.take(this.writing, 0)?.(['delivered']);
    }
  }

  get held(): number {
    return this.env.held.bytes;
  }

  private wait(ms: number): void {
    this.scheduler.maxFrames = this.scheduler.frame + ms;
    this.scheduler.flush();
    this.scheduler.frame = this.scheduler.maxFrames;
  }

  private take<A>(list: A[], which: number): A | undefined {
    return list.splice(which % Math.max(1, list.length), 1)[0];
  }

  private write(id: number, parts: readonly Part[]): void {
    const bytes = parts.map((each) => {
      const epoch = this.open[id] ?? { messages: [], refused: 0 };
      this.serial += 1;
      if (each.sent === 'sync') {
        this.epochs[id]?.push({ token: this.serial, ...epoch });
        this.open[id] = { messages: [], refused: 0 };
        return encodeSync(this.serial);
      }
      if (each.sent === 'message' && each.bucket !== 'unknown') epoch.messages.push(String(this.serial));
      else epoch.refused += 1;
      return each.sent === 'message' ? encodeFrame(each.bucket, String(this.serial)) : Buffer.alloc(4);
    });
    this.inputs[id]?.next(Buffer.concat(bytes));
  }

  private deliver(stream: string): Deliver {
    return (batch) =>
      new Observable((outcome) => {
        // Its memory is used again when it has settled.
        const messages = messagesOf(batch);
        this.writing.push((of) => {
          messages.forEach((message, n) => this.note(message, of, n, messages.length));
          outcome.next(settledAs(stream, batch, of));
          outcome.complete();
        });
      });
  }

  private note(message: string, of: readonly Fate[], n: number, count: number): void {
    const before = this.settled.get(message) ?? { streams: 0, batchWorst: 0, own: 0 };
    const all = Array.from({ length: count }, (_, at) => STATUS[of[at % of.length] ?? 'delivered']);
    this.settled.set(message, {
      streams: before.streams + 1,
      batchWorst: Math.max(before.batchWorst, ...all) as Status,
      own: Math.max(before.own, all[n] ?? 2) as Status,
    });
  }

  private connection(id: number, chunks$: Observable<Buffer>): Connection {
    const read = createSyncedReader();
    let owed = 0;
    return {
      id,
      chunks$,
      answers: {
        isWaiting: false,
        owe: () => (owed += 1),
        send: (answer) => {
          owed -= 1;
          expect(owed).toBeGreaterThanOrEqual(0);
          for (const synced of read(answer)) this.hear(id, synced);
        },
      },
    };
  }

  /** An answer: as it must be, at this moment. */
  private hear(id: number, synced: Synced): void {
    const answers = this.answers[id] ?? [];
    const { token, messages, refused } = this.epochs[id]?.[answers.length] ?? { token: -1, messages: [], refused: 0 };
    const found = messages.map((message) => this.settled.get(message));
    expect(found.every((each) => each?.streams === STREAMS.length)).toBe(true);
    const refusal: Status = refused > 0 ? 2 : 0;
    const truth = Math.max(refusal, ...found.map((each) => each?.own ?? 2));
    expect(synced).toEqual({
      token,
      status: Math.max(refusal, ...found.map((each) => each?.batchWorst ?? 2)),
      messages: messages.length + refused,
    });
    expect(synced.status).toBeGreaterThanOrEqual(truth);
    answers.push(synced);
  }
}

describe('law: sync', () => {
  it('is answered once, in order, when all before it has settled everywhere, with its count and no better than the truth', () => {
    let answered = 0;
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), (actions) => {
        let isOver = false;
        const world = new World(() => (isOver = true));
        for (const each of actions) world.do(each);
        world.finish();
        expect(world.answers.map((all) => all.map(({ token }) => token))).toEqual(
          world.epochs.map((all) => all.map(({ token }) => token)),
        );
        expect([isOver, world.held]).toEqual([true, 0]);
        answered += world.answers.flat().length;
      }),
      { numRuns: 300 },
    );
    expect(answered).toBeGreaterThan(300);
  });

  it('closes what it waits for: where streams settle at once, within 2 ms', () => {
    const write = fc.array(part, { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(CONNECTIONS - 1), write), { maxLength: 20 }), (writes) => {
        const world = new World(() => undefined);
        for (const [connection, parts] of writes) {
          world.do({ act: 'write', connection, parts: [...parts, { sent: 'sync' }] });
          for (let left = 100; left > 0; left -= 1) {
            world.do({ act: 'journal', which: 0 });
            world.do({ act: 'settle', which: 0, fates: ['delivered'] });
            if (left === 50) world.do({ act: 'wait', ms: 2 });
          }
          expect(world.answers[connection]).toHaveLength(world.epochs[connection]?.length ?? 0);
        }
      }),
      { numRuns: 100 },
    );
  });
});
