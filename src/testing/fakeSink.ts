import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { asyncScheduler, BehaviorSubject, Observable, Subject, Subscription, type SchedulerLike } from 'rxjs';
import {
  SinkError,
  type Batch,
  type Cause,
  type Health,
  type Receipt,
  type Rest,
  type Sink,
  type SinkKind,
} from '../model';
import { defineSink } from '../sinks/defineSink';
import { messagesOf, partOf } from './builders';

/**
 * What becomes of a request to a {@link FakeSink}. `answers`: it is taken, and said so; `refuses`: it is not, and said so; `loses`: it is
 * not, and nothing is said; `swallows`: it is taken, and nothing is said; `lies`: it is taken, and said that it is not; `hangs`: nothing
 * is said until it is told to behave otherwise, or to give up.
 */
export type FakeBehaviour = 'answers' | 'refuses' | 'loses' | 'swallows' | 'lies' | 'hangs';

export interface FakeSinkOptions {
  /** Default: `asyncScheduler`, real time. In a marble spec the one that {@link marbles} gives. */
  readonly scheduler?: SchedulerLike;
  /** Milliseconds to an answer. Default 5. */
  readonly answerMs?: number;
  /** Milliseconds until the sink no longer waits for one. Default 100. */
  readonly noAnswerMs?: number;
  /**
   * Whether the sink sends again by itself, in order, what was not taken. Default: true, so that only what is given up fails; false: what is
   * refused, or not answered, fails as `unavailable`, and `withRetry` is the sender's.
   */
  readonly retries?: boolean;
  /** Messages that are never taken, as text. Default: none. */
  readonly isPoison?: (message: string) => boolean;
}

/** One request whose messages were taken. */
export interface Taken {
  readonly bucket: string;
  /** As text, without those that are never taken. */
  readonly messages: readonly string[];
}

export interface FakeSink {
  /** For a registry: `createDaemon({ sinks: { ...sinks, fake: fake.kind } })`. It takes any settings. */
  readonly kind: SinkKind;
  /** A sink that writes to it. All that are open share what is taken. */
  readonly open: (name?: string) => Sink;
  /** What was taken, a request each, in order. */
  readonly taken: readonly Taken[];
  /** Each of them as it is taken, from the subscription on. */
  readonly taken$: Observable<Taken>;
  /** The messages of a bucket that were taken, in order. */
  readonly stored: (bucket: string) => readonly string[];
  /** Writes that have not ended. */
  readonly waiting: () => number;
  /** From the next request on; those that hang are sent again. */
  readonly behave: (behaviour: FakeBehaviour) => void;
  /** What it says of itself. While it is `down`, or a bucket among `topicsDown`, requests are refused. */
  readonly setHealth: (health: Health) => void;
}

interface Entry {
  readonly batch: Batch;
  /** The identical bytes are sent again: what is there already is not taken twice. */
  taken: boolean;
  /** It may be there, for all that the sink knows. */
  doubtful: boolean;
  readonly deliver: (batch: Batch) => void;
  /** `rest`: what was not taken. */
  readonly end: (rest?: Rest) => void;
}

/** Of one bucket of one sink. */
interface Queue {
  readonly entries: Entry[];
  request: Subscription | undefined;
}

/** The request that arrives just now; who hears of it may say how the next one is to behave. */
const ARRIVING = new Subscription();
/** The request of which nothing is heard. */
const HANGING = new Subscription();

/** When the sink hears what, `undefined`: never. */
interface Heard {
  readonly afterMs: number | undefined;
  readonly isTaken: boolean;
}

const REFUSED: Cause = { kind: 'unavailable', message: 'the fake sink does not take it' };
const POISON: Cause = { kind: 'poison', message: 'the fake sink never takes it' };
const GAVE_UP: Cause = { kind: 'gave_up', message: 'told to give up' };

/**
 * A sink for specs, which does as it is told and remembers what it took. It keeps the laws of {@link describeSink}: one request of a bucket
 * is under way, those behind it wait in order, and what is given up says exactly what may be there.
 *
 *     behave   answers           refuses                   hangs
 *     write    a--------         b------------             c---------
 *     giveUp$  ---------         --------x----             ------x---
 *     receipt  -----(a|)         --------#(gave_up, no)    ------#(gave_up, no)
 *
 * ```ts
 * it('waits for an answer', () => marbles(({ expectObservable, scheduler }) => {
 *   const fake = createFakeSink({ scheduler });
 *   const batch = batchOf('b', ['m']);
 *   expectObservable(fake.open().write(batch, NEVER)).toBe('5ms (a|)', { a: delivered(batch, 'fake') });
 * }));
 * ```
 */
export const createFakeSink = ({
  scheduler = asyncScheduler,
  answerMs = 5,
  noAnswerMs = 100,
  retries = true,
  isPoison = () => false,
}: FakeSinkOptions = {}): FakeSink => {
  const taken: Taken[] = [];
  const taken$ = new Subject<Taken>();
  const health$ = new BehaviorSubject<Health>({ state: 'up' });
  const queues = new Set<Queue>();
  let behaviour: FakeBehaviour = 'answers';
  let waiting = 0;

  const isReachable = (bucket: string): boolean => {
    const { value } = health$;
    return value.state === 'up' || (value.state === 'topicsDown' && !value.topics.has(bucket));
  };

  /** The request arrives. */
  const arrive = (entry: Entry): Heard => {
    const behaves = isReachable(entry.batch.bucket) ? behaviour : 'refuses';
    if (!entry.taken && (behaves === 'answers' || behaves === 'swallows' || behaves === 'lies')) {
      entry.taken = true;
      const { bucket } = entry.batch;
      const request = { bucket, messages: messagesOf(entry.batch).filter((text) => !isPoison(text)) };
      taken.push(request);
      taken$.next(request);
    }
    if (behaves === 'loses' || behaves === 'swallows' || behaves === 'lies') entry.doubtful = true;
    if (behaves === 'hangs') return { afterMs: undefined, isTaken: false };
    return {
      afterMs: behaves === 'loses' || behaves === 'swallows' ? noAnswerMs : answerMs,
      isTaken: behaves === 'answers',
    };
  };

  const settle = (entry: Entry): void => {
    const good = partOf(entry.batch, (text) => !isPoison(text));
    const poison = partOf(entry.batch, isPoison);
    if (good.count > 0) entry.deliver(good);
    entry.end(poison.count > 0 ? { batch: poison, cause: POISON, written: 'no' } : undefined);
  };

  const fail = ({ batch, taken: isThere, doubtful, end }: Entry, cause: Cause): void =>
    end({ batch, cause, written: doubtful || isThere ? 'unknown' : 'no' });

  /** Sends the first of the queue, unless one is under way. */
  const pump = (queue: Queue): void => {
    const [entry] = queue.entries;
    if (queue.request || !entry) return;
    queue.request = ARRIVING;
    const { afterMs, isTaken } = arrive(entry);
    const heard = (): void => {
      queue.request = undefined;
      if ((isTaken || !retries) && queue.entries[0] === entry) {
        queue.entries.shift();
        if (isTaken) settle(entry);
        else fail(entry, REFUSED);
      }
      pump(queue);
    };
    queue.request = afterMs === undefined ? HANGING : scheduler.schedule(heard, afterMs);
  };

  const giveUp = (queue: Queue, entry: Entry): void => {
    const at = queue.entries.indexOf(entry);
    if (at < 0) return;
    queue.entries.splice(at, 1);
    fail(entry, GAVE_UP);
  };

  const open = (name = 'fake'): Sink => {
    const byBucket = new Map<string, Queue>();
    let closed: (() => void) | undefined;

    const queueOf = (bucket: string): Queue => {
      const queue = byBucket.get(bucket) ?? { entries: [], request: undefined };
      byBucket.set(bucket, queue);
      queues.add(queue);
      return queue;
    };
    const isIdle = (): boolean => [...byBucket.values()].every(({ entries }) => entries.length === 0);

    return {
      retries,
      health$: health$.asObservable(),
      close: () =>
        new Promise((resolve) => {
          closed = resolve;
          if (behaviour !== 'answers' || health$.value.state !== 'up')
            for (const queue of byBucket.values()) for (const entry of [...queue.entries]) giveUp(queue, entry);
          if (isIdle()) resolve();
        }),
      write: (batch, giveUp$) =>
        new Observable<Receipt>((subscriber) => {
          const queue = queueOf(batch.bucket);
          const entry: Entry = {
            ...{ batch, taken: false, doubtful: false },
            deliver: (part) => subscriber.next({ sink: name, batch: part, how: 'delivered', maybeTwice: false }),
            end: (rest) => {
              waiting -= 1;
              if (rest) subscriber.error(new SinkError(name, [rest]));
              else subscriber.complete();
              if (closed && isIdle()) closed();
            },
          };
          waiting += 1;
          queue.entries.push(entry);
          subscriber.add(giveUp$.subscribe(() => giveUp(queue, entry)));
          pump(queue);
        }),
    };
  };

  return {
    kind: defineSink({ decode: () => E.right(undefined), open: (_, { name }) => TE.right(open(name)) }),
    open,
    taken,
    taken$: taken$.asObservable(),
    stored: (bucket) => taken.flatMap((request) => (request.bucket === bucket ? request.messages : [])),
    waiting: () => waiting,
    behave: (now) => {
      behaviour = now;
      for (const queue of queues) {
        if (queue.request === HANGING) queue.request = undefined;
        pump(queue);
      }
    },
    setHealth: (health) => health$.next(health),
  };
};
