import { pipe } from 'fp-ts/function';
import { distinctUntilChanged, filter, identity, map, merge, NEVER, shareReplay, skip, Subject, tap } from 'rxjs';
import type { BackupConfig, StreamConfig } from '../config/buckets';
import type { Batch, BreakerState, Cause, Env, Health, Share, Sink, Write } from '../model';
import { handOver, isPoison } from '../operators/handOver';
import { createOrder, type Order } from '../operators/order';
import { refuse } from '../operators/refuse';
import { withBreaker } from '../operators/withBreaker';
import { withDeadLetter } from '../operators/withDeadLetter';
import { withDeadline } from '../operators/withDeadline';
import { withOrder } from '../operators/withOrder';
import { withRetry } from '../operators/withRetry';
import { withFairShare } from '../operators/withFairShare';
import { withShare } from '../operators/withShare';
import { withSinkErrors } from '../operators/withSinkErrors';
import { leftInSight, withSpool } from '../operators/withSpool';
import { withTopicBreakers } from '../operators/withTopicBreakers';
import { withTurns } from '../operators/withTurns';
import { logPoison, tellPrimary, tellStream, tellTopic } from './policyLog';
import type { Primary } from './replay/options';

/** A stream whose sink is unreachable this long hands over to its backup; so does a bucket whose topic takes nothing. */
const TROUBLE_MS = 2_000;
/** What is over a stream's share is not waited for after this long without a receipt: later than a breaker opens by trouble, which keeps the order. */
const STALLED_MS = 3_000;
/** At the end of a drain a backup and the dead letters have this much longer than the primary. */
export const BACKUP_GRACE_MS = 3_000;
const RETRY_MS = { minMs: 100, maxMs: 5_000 };

/** The sinks of a stream, open. */
export interface StreamSinks {
  readonly primary: Sink;
  readonly backup: Sink | undefined;
  /** Takes what neither of them ever takes. Undefined: that is dropped. */
  readonly deadLetter: Sink | undefined;
  /** Keeps for the next start what none of them has taken when the drain gives up. Undefined: that is dropped. */
  readonly spool?: Pick<Sink, 'write'> | undefined;
  /** After this long a message without a backup is given up. Undefined: never. */
  readonly deadlineMs: number | undefined;
  /** What may wait for the primary. Undefined: all that the process may hold. */
  readonly share: Share | undefined;
  /** Bytes of memory that it may hold, where it has a backup, while it hangs. Default: all that the process may. */
  readonly fairShare?: (() => number) | undefined;
}

/** What the policy asks of a stream's configuration. */
export type StreamFailover = Pick<StreamConfig, 'id' | 'failover'> & {
  readonly backup?: Pick<BackupConfig, 'replay'>;
};

/** The ways of a stream. */
export interface Policy {
  /** For live traffic. */
  readonly write: Write;
  /** For what is poison already: to the dead letters, without a try. */
  readonly poison: (cause: Cause) => Write;
  /** For what is sent on later. */
  readonly primary: Primary;
}

type Around = (write: Write) => Write;

/**
 * What a stream does when its sink fails: with a backup it hands over, all or the buckets that are in trouble, and without one
 * it waits and tries again. Poison goes to the dead letters. What is sent on later meets the same breakers.
 */
export const streamPolicy = (stream: StreamFailover, sinks: StreamSinks, env: Env): Policy => {
  const { backup, deadLetter, spool } = sinks;
  const { id } = stream;
  const { scheduler } = env;
  const backedUp$ = new Subject<void>();
  const noted: Around = (write) => (batch, giveUp$) => write(batch, giveUp$).pipe(tap(() => backedUp$.next()));
  const order = stream.backup?.replay === 'ordered' ? createOrder() : undefined;
  const guarded = guardedPrimary(stream, sinks, env);
  const withDeadLetters: Around = (write) => {
    const told = logPoison(env, id, deadLetter !== undefined)(write);
    const dead = deadLetter && persistent(deadLetter, `${id}.deadLetter`, env);
    return dead ? withDeadLetter(dead, BACKUP_GRACE_MS, scheduler)(told) : told;
  };
  const handsOver =
    backup && noted(order ? persistent(backup, `${id}.backup`, env) : inTurns(backup, id, guarded, env));
  const live = handsOver ? withHandOver(guarded.write, handsOver, id, sinks, order, env) : patient(stream, sinks, env);
  const kept = spool && noted(persistent(spool, `${id}.spool`, env));
  const withKept = kept && withSpool(kept, (batch, parts) => env.unsettled.left(id, batch, parts));
  return {
    write: pipe(live, withDeadLetters, withKept ?? identity),
    poison: (cause) => pipe((batch: Batch) => refuse(id, batch, cause), withDeadLetters, leftInSight),
    primary: { ...guarded, write: withDeadLetters(guarded.write), backedUp$, order },
  };
};

/** The primary behind its breakers, and what they tell. */
const guardedPrimary = (
  { id, failover: { afterMs, retryMs } }: StreamFailover,
  { primary, backup }: StreamSinks,
  env: Env,
): Pick<Primary, 'write' | 'health$' | 'isOpen' | 'returned$'> => {
  const { random, scheduler } = env;
  // One subscription for all buckets and as long as the sink lives: each would compare the whole state at every change, and
  // each batch would subscribe anew.
  const health$ = primary.health$.pipe(shareReplay<Health>({ bufferSize: 1, refCount: false }));
  const breaker = { name: id, troubleMs: TROUBLE_MS, retryMs, random, scheduler };
  const closed$ = new Subject<void>();
  let state: BreakerState['state'] = 'closed';
  const tell = backup ? { stream: tellStream(env, id), topic: tellTopic(env, id) } : tellPrimary(env, id);
  const note = (now: BreakerState): void => {
    if (now.state === 'closed') closed$.next();
  };
  const write = pipe(
    primary.write,
    withSinkErrors(id),
    withBreaker({
      ...breaker,
      trouble$: health$.pipe(map((health) => (health.state === 'down' ? health.cause : undefined))),
      onState: (now) => {
        state = now.state;
        tell.stream(now);
        note(now);
      },
    }),
    withTopicBreakers({
      ...{ ...breaker, health$, afterMs, maxBuckets: env.maxBuckets },
      onState: (bucket, now) => {
        tell.topic(bucket, now);
        note(now);
      },
    }),
  );
  const up$ = health$.pipe(
    map((health) => health.state !== 'down'),
    distinctUntilChanged(),
    skip(1),
    filter(Boolean),
  );
  return { write, health$, isOpen: () => state !== 'closed', returned$: merge(closed$, up$) };
};

const withHandOver = (
  guarded: Write,
  backup: Write,
  id: string,
  { share, fairShare }: StreamSinks,
  order: Order | undefined,
  { scheduler }: Env,
): Write =>
  pipe(
    guarded,
    fairShare === undefined
      ? identity
      : withFairShare({ name: id, bytes: fairShare, stalledMs: STALLED_MS, scheduler }),
    share ? withShare({ name: id, share, whenFull: 'refuse' }) : identity,
    order
      ? withOrder(backup, { name: id, order, graceMs: BACKUP_GRACE_MS, scheduler })
      : handOver(backup, { takes: (rest) => !isPoison(rest), graceMs: BACKUP_GRACE_MS, scheduler }),
  );

/** While the backup does not take messages either, both are tried in turn. */
const inTurns = (
  { write, retries }: Sink,
  id: string,
  primary: Pick<Primary, 'write' | 'returned$'>,
  { random, scheduler }: Env,
): Write =>
  pipe(
    write,
    withSinkErrors(`${id}.backup`),
    withTurns(primary.write, { ends$: retries ? primary.returned$ : NEVER, scheduler }),
    withRetry({ ...RETRY_MS, random, scheduler }),
  );

const patient = ({ id }: Pick<StreamConfig, 'id'>, { primary, share, deadlineMs }: StreamSinks, env: Env): Write =>
  pipe(
    persistent(primary, id, env),
    share ? withShare({ name: id, share, whenFull: 'wait' }) : identity,
    deadlineMs === undefined ? identity : withDeadline(deadlineMs, env.scheduler),
  );

const persistent = (
  { write, retries }: Pick<Sink, 'write' | 'retries'>,
  name: string,
  { random, scheduler }: Env,
): Write => {
  const safe = pipe(write, withSinkErrors(name));
  return retries ? safe : pipe(safe, withRetry({ ...RETRY_MS, random, scheduler }));
};
