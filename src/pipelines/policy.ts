import { pipe } from 'fp-ts/function';
import { map, shareReplay } from 'rxjs';
import type { StreamConfig } from '../config/buckets';
import type { Env, Share, Sink, Write } from '../model';
import { withBackup } from '../operators/withBackup';
import { withBreaker } from '../operators/withBreaker';
import { withDeadLetter } from '../operators/withDeadLetter';
import { withDeadline } from '../operators/withDeadline';
import { withRetry } from '../operators/withRetry';
import { withShare } from '../operators/withShare';
import { withSinkErrors } from '../operators/withSinkErrors';
import { withTopicBreakers } from '../operators/withTopicBreakers';
import { logPoison, tellStream, tellTopic } from './policyLog';

/** A stream whose sink is unreachable this long hands over to its backup; so does a bucket whose topic takes nothing. */
const TROUBLE_MS = 2_000;
/** At the end of a drain a backup and the dead letters have this much longer than the primary. */
export const BACKUP_GRACE_MS = 3_000;
const RETRY_MS = { minMs: 100, maxMs: 5_000 };

/** The sinks of a stream, open. */
export interface StreamSinks {
  readonly primary: Sink;
  readonly backup: Sink | undefined;
  /** Takes what neither of them ever takes. Undefined: that is dropped. */
  readonly deadLetter: Sink | undefined;
  /** After this long a message without a backup is given up. Undefined: never. */
  readonly deadlineMs: number | undefined;
  /** What may wait for the primary. Undefined: all that the process may hold. */
  readonly share: Share | undefined;
}

/**
 * What a stream does when its sink fails: with a backup it hands over, all or the buckets that are in trouble, and without one
 * it waits and tries again. Poison goes to the dead letters.
 */
export const writePolicy = (stream: Pick<StreamConfig, 'id' | 'failover'>, sinks: StreamSinks, env: Env): Write => {
  const { backup, deadLetter } = sinks;
  const { id } = stream;
  const write = backup ? withHandOver(stream, sinks, backup, env) : patient(stream, sinks, env);
  const told = logPoison(env, id, deadLetter !== undefined)(write);
  return deadLetter
    ? withDeadLetter(persistent(deadLetter, `${id}.deadLetter`, env), BACKUP_GRACE_MS, env.scheduler)(told)
    : told;
};

const withHandOver = (
  { id, failover: { afterMs, retryMs } }: Pick<StreamConfig, 'id' | 'failover'>,
  { primary, share }: StreamSinks,
  backup: Sink,
  env: Env,
): Write => {
  const { random, scheduler } = env;
  // One subscription for all buckets and as long as the sink lives: each would compare the whole state at every change, and
  // each batch would subscribe anew.
  const health$ = primary.health$.pipe(shareReplay({ bufferSize: 1, refCount: false }));
  const breaker = { name: id, troubleMs: TROUBLE_MS, retryMs, random, scheduler };
  return pipe(
    primary.write,
    withSinkErrors(id),
    withBreaker({
      ...breaker,
      trouble$: health$.pipe(map((health) => (health.state === 'down' ? health.cause : undefined))),
      onState: tellStream(env, id),
    }),
    withTopicBreakers({ ...breaker, health$, afterMs, onState: tellTopic(env, id) }),
    share ? withShare({ name: id, share, whenFull: 'refuse' }) : (write) => write,
    withBackup(persistent(backup, `${id}.backup`, env), BACKUP_GRACE_MS, scheduler),
  );
};

const patient = ({ id }: Pick<StreamConfig, 'id'>, { primary, share, deadlineMs }: StreamSinks, env: Env): Write =>
  pipe(
    persistent(primary, id, env),
    share ? withShare({ name: id, share, whenFull: 'wait' }) : (write) => write,
    deadlineMs === undefined ? (write) => write : withDeadline(deadlineMs, env.scheduler),
  );

const persistent = ({ write, retries }: Sink, name: string, { random, scheduler }: Env): Write => {
  const safe = pipe(write, withSinkErrors(name));
  return retries ? safe : pipe(safe, withRetry({ ...RETRY_MS, random, scheduler }));
};
