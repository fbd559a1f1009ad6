import { pipe } from 'fp-ts/function';
import type { Task } from 'fp-ts/Task';
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
  takeUntil,
  timer,
  type Observable,
} from 'rxjs';
import type { Cause, Deliver, Env, Write } from '../../model';
import { refuse } from '../../operators/refuse';
import type { NamedOperator } from '../../operators/runOperators';
import { sample } from '../../operators/sample';
import { settle } from '../../operators/settle';
import { withOperators } from '../../operators/withOperators';
import { withSpool } from '../../operators/withSpool';
import { openOperators } from './openOperators';
import { BACKUP_GRACE_MS } from '../policy';
import type { Drain } from '../replay/streamReplay';
import type { Coming } from './coming';
import type { OpenStream, StreamPlan, Ways } from './stream';

/** Once it was told to give up a stream has this long to settle: the grace of its backup, and some more. */
const RETIRE_MS = BACKUP_GRACE_MS + 2_000;

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

/** A stream that takes batches, whose sinks may still be coming. */
export const runningStream = (
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
