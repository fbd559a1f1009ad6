import { sequenceS } from 'fp-ts/Apply';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import type { Task } from 'fp-ts/Task';
import * as TE from 'fp-ts/TaskEither';
import {
  BehaviorSubject,
  defer,
  EMPTY,
  filter,
  finalize,
  firstValueFrom,
  from,
  merge,
  mergeMap,
  race,
  ReplaySubject,
  retry,
  takeUntil,
  timer,
  type Observable,
} from 'rxjs';
import type { StreamConfig } from '../config/buckets';
import type { Cause, CheckedSink, Deliver, Env, OpenError, Sink, Write } from '../model';
import { refuse } from '../operators/refuse';
import { sample } from '../operators/sample';
import { settle } from '../operators/settle';
import type { NamedOperator } from '../operators/runOperators';
import { withOperators } from '../operators/withOperators';
import { withSpool } from '../operators/withSpool';
import { messageOf } from '../wire/systemErrors';
import type { PlannedOperator } from './checkParts';
import { openOperators } from './openOperators';
import { BACKUP_GRACE_MS, streamPolicy, type Policy } from './policy';
import { nothingBooked } from './replay/found';
import type { Booked } from './replay/options';
import { openDrain, streamReplay, type Drain, type DrainPlace, type ReplayParts } from './replay/streamReplay';
import { fairShareOf } from './share';

/** A stream whose settings passed their checks. */
export interface StreamPlan {
  readonly config: StreamConfig;
  readonly primary: CheckedSink;
  readonly backup: CheckedSink | undefined;
  readonly deadLetter: CheckedSink | undefined;
  /** What its messages pass before it gets them. */
  readonly operators: readonly PlannedOperator[];
}

/** A stream that takes batches. */
export interface OpenStream {
  readonly plan: StreamPlan;
  /**
   * The way into it for what passes `operators`, those of a bucket, before its own. They are opened for this way alone.
   *
   * @throws where one of them does not open
   */
  readonly through: (operators: readonly PlannedOperator[]) => Deliver;
  /** One more bucket may bring batches; returns how to say that it brings no more. */
  readonly join: () => () => void;
  /** Sends on what the stream has in store, until it is stopped or retires. Never fails. */
  readonly replay: (parts: ReplayParts) => Observable<never>;
  /** The end of a drain: in its spool nothing more is begun, and what is being written there is waited for. */
  readonly endSpool: Task<unknown>;
  /** Closes its sinks, after the last write has ended. */
  readonly close: Task<unknown>;
  /**
   * Closes it when all that it was given has settled. After `waitMs` its sinks are told to give up, as at a stop: what they do not
   * take then is kept in its spool.
   */
  readonly retire: (waitMs: number) => Promise<void>;
}

/** What all streams are opened with. */
export interface StreamParts {
  readonly env: Env;
  /** Ends all attempts when it emits; it must replay. */
  readonly giveUp$: Observable<unknown>;
  readonly place: DrainPlace;
  /** How many streams there are now. */
  readonly streams: () => number;
}

/** When a stream that takes the place of others may begin. */
export interface Turn {
  /** Nothing is written before it has resolved. */
  readonly after: Promise<unknown>;
  /** Whether it needs what they hold, so that even its sinks are opened only then. */
  readonly clashes: boolean;
}

/** The sinks of a stream, open, and its ways through them. */
interface Ways extends Pick<OpenStream, 'replay' | 'close'>, Pick<Policy, 'write' | 'poison'> {}

/** What is there now, or comes, unless it is given up. */
interface Coming<A> {
  value: A | undefined;
  readonly promise: Promise<A | undefined>;
}

/** A stream that could not be opened in its turn is tried again this often. */
const REOPEN_MS = 1_000;
/** Once it was told to give up a stream has this long to settle: the grace of its backup, and some more. */
const RETIRE_MS = BACKUP_GRACE_MS + 2_000;

/**
 * Opens a stream, at once or in its `turn`; what it is given before that waits, in sight of a crash. An error is one of sinks that
 * are opened at once; those that are opened in their turn are tried until they open.
 */
export const openStream = (
  parts: StreamParts,
): ((plan: StreamPlan, turn?: Turn) => TE.TaskEither<OpenError, OpenStream>) => {
  const { env, giveUp$, place } = parts;
  /** What was booked of a stream stays booked when another of that name stands in for it. */
  const lives = new Map<string, Booked>();
  return (plan, turn) => {
    const { id } = plan.config;
    const booked = lives.get(id) ?? nothingBooked();
    if (!lives.has(id)) lives.set(id, { ...booked, fromMs: env.now() });
    const retired$ = new ReplaySubject<void>(1);
    const gone$ = merge(giveUp$, retired$);
    const drain = openDrain(place, plan.config, env);
    const open: TE.TaskEither<OpenError, Ways> = () => openWays(plan, drain, booked, { ...parts, giveUp$: gone$ })();
    const own = E.tryCatch(() => openOperators(plan.operators, { ...env, name: id }), messageOf);
    if (E.isLeft(own)) return TE.left({ sink: id, message: own.left });
    const running = (ways: Coming<Ways>, closeWays: Task<unknown>): OpenStream =>
      runningStream(plan, ways, drain, { env, giveUp$, retired$, gone$, own: own.right, closeWays });
    if (turn?.clashes === true) {
      const coming = comes(inTurn(open, turn, gone$, env));
      return TE.right(running(coming, () => coming.value?.close() ?? Promise.resolve()));
    }
    return pipe(
      open,
      TE.map((ways) => running(turn ? comes(turn.after.then(() => ways)) : here(ways), ways.close)),
    );
  };
};

const here = <A>(value: A): Coming<A> => ({ value, promise: Promise.resolve(value) });

/** Whoever waits for the promise from now on gets it after `value` is set, and before anything else happens. */
const comes = <A>(promise: Promise<A | undefined>): Coming<A> => {
  const coming: Coming<A> = { value: undefined, promise };
  void promise.then((value) => (coming.value = value));
  return coming;
};

const inTurn = (
  open: TE.TaskEither<OpenError, Ways>,
  { after }: Turn,
  gone$: Observable<unknown>,
  { log, scheduler }: Env,
): Promise<Ways | undefined> => {
  const opened$ = defer(open).pipe(
    mergeMap(
      E.match(
        (error) => {
          log.error('a stream does not open', { stream: error.sink, error: error.message });
          throw new Error(error.message);
        },
        (ways) => [ways],
      ),
    ),
    retry({ delay: () => timer(REOPEN_MS, scheduler) }),
  );
  return firstValueFrom(
    from(after).pipe(
      mergeMap(() => opened$),
      takeUntil(gone$),
    ),
    { defaultValue: undefined },
  );
};

interface Ends {
  readonly env: Env;
  readonly giveUp$: Observable<unknown>;
  readonly retired$: ReplaySubject<void>;
  /** Either of them. */
  readonly gone$: Observable<unknown>;
  /** The stream's own operators. */
  readonly own: readonly NamedOperator[];
  readonly closeWays: Task<unknown>;
}

const runningStream = (
  plan: StreamPlan,
  ways: Coming<Ways>,
  drain: Drain | undefined,
  { env, giveUp$, retired$, gone$, own, closeWays }: Ends,
): OpenStream => {
  const { id, slice, emptyKey } = plan.config;
  const { log, random, scheduler } = env;
  /** Emits when nothing more is to be begun. */
  const ending$ = new ReplaySubject<void>(1);
  /** Buckets that may bring batches, and work that has not ended. */
  const busy$ = new BehaviorSubject(0);
  const idle$ = busy$.pipe(filter((busy) => busy === 0));
  const join = (): (() => void) => {
    busy$.next(busy$.value + 1);
    return () => busy$.next(busy$.value - 1);
  };
  const counted = <A>(work: () => Observable<A>): Observable<A> =>
    defer(() => {
      const leave = join();
      return work().pipe(finalize(leave));
    });

  const never: Write = (batch) => refuse(id, batch, { kind: 'gave_up', message: 'its sinks were not open yet' });
  const unopened = drain ? withSpool(drain.write)(never) : never;
  const onceOpen =
    (way: (opened: Ways | undefined) => Write): Write =>
    (batch, told$) =>
      ways.value
        ? way(ways.value)(batch, told$)
        : from(ways.promise).pipe(mergeMap((opened) => way(opened)(batch, told$)));
  const settled = pipe(
    onceOpen((opened) => opened?.write ?? unopened),
    settle(id, gone$, (name, batch) => env.unsettled.writing(name, batch), env.now),
  );
  /** What its operators did not take must not come back as if they had: a crash leaves it to all of them anew. */
  const refused = (cause: Cause): Deliver =>
    pipe(
      onceOpen((opened) => opened?.poison(cause) ?? ((batch) => refuse(id, batch, cause))),
      settle(id, gone$, (_, { frames }) => env.unsettled.gathering(() => frames), env.now),
    );
  const passing = withOperators({ stream: id, held: env.held, emptyKey, refused });

  let closed: Promise<unknown> | undefined;
  const close = (): Promise<unknown> => (closed ??= Promise.all([closeWays(), drain?.close()]));
  return {
    plan,
    join,
    through: (operators) =>
      pipe(
        settled,
        passing([...openOperators(operators, { ...env, name: id }), ...own]),
        (deliver): Deliver =>
          (batch) =>
            counted(() => deliver(batch)),
        sample(slice, random),
      ),
    replay: (parts) => {
      const stop$ = merge(parts.stop$, ending$);
      const opened$ = from(ways.promise).pipe(takeUntil(stop$));
      return counted(() => opened$.pipe(mergeMap((opened) => opened?.replay({ ...parts, stop$ }) ?? EMPTY)));
    },
    endSpool: () => drain?.close() ?? Promise.resolve(),
    close,
    retire: async (waitMs) => {
      ending$.next();
      await firstValueFrom(race(idle$, timer(waitMs, scheduler), giveUp$));
      retired$.next();
      await firstValueFrom(race(idle$, timer(RETIRE_MS, scheduler)));
      if (busy$.value > 0) log.error('a stream did not settle in time', { stream: id });
      await close();
    },
  };
};

const openWays = (
  plan: StreamPlan,
  drain: Drain | undefined,
  booked: Booked,
  { env, giveUp$, streams }: Omit<StreamParts, 'place'>,
): TE.TaskEither<OpenError, Ways> => {
  const { config, primary, backup, deadLetter } = plan;
  const { id, emptyKey, failover } = config;
  const beside = (
    sink: CheckedSink | undefined,
    name: string,
    spools = false,
  ): TE.TaskEither<OpenError, Sink | undefined> =>
    sink
      ? sink.open({ ...env, name: `${id}.${name}` }, { emptyKey, handOverMs: undefined, spools })
      : TE.right(undefined);
  return pipe(
    sequenceS(TE.ApplySeq)({
      primary: primary.open({ ...env, name: id }, { emptyKey, handOverMs: backup && failover.afterMs, spools: false }),
      backup: beside(backup, 'backup', config.backup?.replay !== false),
      deadLetter: beside(deadLetter, 'deadLetter'),
    }),
    TE.map((sinks) => {
      const { deadlineMs, share } = primary;
      const fairShare = fairShareOf(env.held, streams);
      const policy = streamPolicy(config, { ...sinks, spool: drain, deadlineMs, share, fairShare }, env);
      return {
        write: policy.write,
        poison: policy.poison,
        replay: streamReplay({ config, backup: sinks.backup, drain, booked, primary: policy.primary, giveUp$, env }),
        close: () => Promise.all([sinks.primary.close(), sinks.backup?.close(), sinks.deadLetter?.close()]),
      };
    }),
  );
};
