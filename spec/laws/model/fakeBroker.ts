import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { BehaviorSubject, Observable, type SchedulerLike, type Subscription } from 'rxjs';
import {
  SinkError,
  type Batch,
  type Cause,
  type Frames,
  type Health,
  type Receipt,
  type Rest,
  type Sink,
  type SinkKind,
} from '../../../src/model';
import { MessageCursor } from '../../../src/wire/messageCursor';
import { messagesOf } from '../../../src/testing/builders';

/**
 * What the broker does with a request. `answers`: takes it and says so; `refuses`: does not, and says so; `loses`: says nothing;
 * `swallows`: takes it and says nothing; `lies`: takes it and says that it does not.
 */
export type Behaviour = 'answers' | 'refuses' | 'loses' | 'swallows' | 'lies';
export const BEHAVIOURS: readonly Behaviour[] = ['answers', 'refuses', 'loses', 'swallows', 'lies'];

/** What a message starts with that the broker never takes. */
export const POISON = '!';

const ANSWER_MS = 5;
const NO_ANSWER_MS = 100;

interface Entry {
  readonly batch: Batch;
  /** The identical bytes are sent again: what is there already is not taken twice. */
  stored: boolean;
  /** It may be there, for all that is known here. */
  doubtful: boolean;
  readonly take: (batch: Batch) => void;
  /** `rest`: what was not taken. */
  readonly end: (rest?: Rest) => void;
}

const onlyOf = (run: Frames, keeps: (text: string) => boolean): Frames => {
  const cursor = new MessageCursor(run.bytes);
  const kept: Buffer[] = [];
  while (cursor.next())
    if (keeps(run.bytes.toString('utf8', cursor.valueStart, cursor.end)))
      kept.push(run.bytes.subarray(cursor.start, cursor.end));
  return { ...run, bytes: Buffer.concat(kept), count: kept.length };
};

const partOf = (batch: Batch, keeps: (text: string) => boolean): Batch => {
  const frames = batch.frames.map((run) => onlyOf(run, keeps)).filter(({ count }) => count > 0);
  return {
    ...batch,
    frames,
    count: frames.reduce((sum, { count }) => sum + count, 0),
    bytes: frames.reduce((sum, { bytes }) => sum + bytes.length, 0),
  };
};

const isPoison = (text: string): boolean => text.startsWith(POISON);

/**
 * A broker, and the sink that speaks to it: one request of a bucket under way, sent again until it is answered. One that is given up
 * stays under way until then: those who wait behind it are told first, and nothing overtakes it.
 */
export interface FakeBroker {
  /** What it holds by bucket, in order. */
  readonly stored: ReadonlyMap<string, readonly string[]>;
  behaviour: Behaviour;
  readonly setHealth: (health: Health) => void;
  readonly kind: SinkKind;
}

export const createFakeBroker = (scheduler: SchedulerLike): FakeBroker => {
  const stored = new Map<string, string[]>();
  const health$ = new BehaviorSubject<Health>({ state: 'up' });

  const isReachable = (bucket: string): boolean => {
    const { value } = health$;
    return value.state === 'up' || (value.state === 'topicsDown' && !value.topics.has(bucket));
  };

  const store = (entry: Entry): void => {
    if (entry.stored) return;
    entry.stored = true;
    const list = stored.get(entry.batch.bucket) ?? [];
    list.push(...messagesOf(entry.batch).filter((text) => !isPoison(text)));
    stored.set(entry.batch.bucket, list);
  };

  const openSink = (name: string): Sink => {
    const queues = new Map<string, { entries: Entry[]; request: Subscription | undefined }>();

    const settle = (entry: Entry): void => {
      const taken = partOf(entry.batch, (text) => !isPoison(text));
      const poison = partOf(entry.batch, isPoison);
      const cause: Cause = { kind: 'poison', message: 'never taken' };
      if (taken.count > 0) entry.take(taken);
      entry.end(poison.count > 0 ? { batch: poison, cause, written: 'no' } : undefined);
    };

    /** The request arrives; what is heard of it, and when. */
    const arrive = (entry: Entry): { readonly answered: boolean; readonly afterMs: number } => {
      const behaves = isReachable(entry.batch.bucket) ? fake.behaviour : 'refuses';
      if (behaves === 'answers' || behaves === 'swallows' || behaves === 'lies') store(entry);
      if (behaves !== 'answers' && behaves !== 'refuses') entry.doubtful = true;
      const silent = behaves === 'loses' || behaves === 'swallows';
      return { answered: behaves === 'answers', afterMs: silent ? NO_ANSWER_MS : ANSWER_MS };
    };

    const pump = (bucket: string): void => {
      const queue = queues.get(bucket);
      const [entry] = queue?.entries ?? [];
      if (!queue || queue.request || !entry) return;
      const { answered, afterMs } = arrive(entry);
      queue.request = scheduler.schedule(() => {
        queue.request = undefined;
        if (answered && queue.entries[0] === entry) {
          queue.entries.shift();
          settle(entry);
        }
        pump(bucket);
      }, afterMs);
    };

    const giveUp = (entry: Entry): void => {
      const queue = queues.get(entry.batch.bucket);
      const at = queue?.entries.indexOf(entry) ?? -1;
      if (!queue || at < 0) return;
      queue.entries.splice(at, 1);
      entry.end({
        batch: entry.batch,
        cause: { kind: 'gave_up', message: 'told to stop' },
        written: entry.doubtful || entry.stored ? 'unknown' : 'no',
      });
    };

    return {
      retries: true,
      health$,
      close: () => Promise.resolve(),
      write: (batch, giveUp$) =>
        new Observable<Receipt>((subscriber) => {
          const entry: Entry = {
            batch,
            stored: false,
            doubtful: false,
            take: (part) => subscriber.next({ sink: name, batch: part, how: 'delivered', maybeTwice: false }),
            end: (rest) => (rest ? subscriber.error(new SinkError(name, [rest])) : subscriber.complete()),
          };
          const queue = queues.get(batch.bucket) ?? { entries: [], request: undefined };
          queues.set(batch.bucket, queue);
          queue.entries.push(entry);
          subscriber.add(giveUp$.subscribe(() => giveUp(entry)));
          pump(batch.bucket);
        }),
    };
  };

  const fake: FakeBroker = {
    stored,
    behaviour: 'answers',
    setHealth: (health) => health$.next(health),
    kind: () =>
      E.right({
        warnings: [],
        limits: {},
        deadlineMs: undefined,
        claims: [],
        open: ({ name }) => TE.right(openSink(name)),
      }),
  };
  return fake;
};
