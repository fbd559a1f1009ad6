import { pipe } from 'fp-ts/function';
import type { StreamConfig } from '../config/buckets';
import type { Env, Sink, Write } from '../model';
import { withBackup } from '../operators/withBackup';
import { withBreaker, type BreakerState } from '../operators/withBreaker';
import { withDeadline } from '../operators/withDeadline';
import { withRetry } from '../operators/withRetry';
import { withSinkErrors } from '../operators/withSinkErrors';

/** A stream whose sink is unreachable this long hands over to its backup. */
const UNREACHABLE_MS = 2_000;
/** At the end of a drain a backup has this much longer than its primary. */
export const BACKUP_GRACE_MS = 3_000;
const RETRY_MS = { minMs: 100, maxMs: 5_000 };

/** The sinks of a stream, open. */
export interface StreamSinks {
  readonly primary: Sink;
  readonly backup: Sink | undefined;
  /** After this long a message without a backup is given up. Undefined: never. */
  readonly deadlineMs: number | undefined;
}

/** What a stream does when its sink fails: with a backup it hands over, without one it waits and tries again. */
export const writePolicy = (
  { id, failover }: Pick<StreamConfig, 'id' | 'failover'>,
  { primary, backup, deadlineMs }: StreamSinks,
  env: Env,
): Write => {
  const { random, scheduler } = env;
  if (!backup) {
    const patient = persistent(primary, id, env);
    return deadlineMs === undefined ? patient : pipe(patient, withDeadline(deadlineMs, scheduler));
  }
  return pipe(
    primary.write,
    withSinkErrors(id),
    withBreaker({
      name: id,
      health$: primary.health$,
      ...failover,
      unreachableMs: UNREACHABLE_MS,
      random,
      scheduler,
      onState: logState(env, id),
    }),
    withBackup(persistent(backup, `${id}.backup`, env), BACKUP_GRACE_MS, scheduler),
  );
};

const persistent = ({ write, retries }: Sink, name: string, { random, scheduler }: Env): Write => {
  const safe = pipe(write, withSinkErrors(name));
  return retries ? safe : pipe(safe, withRetry({ ...RETRY_MS, random, scheduler }));
};

const logState =
  ({ log }: Env, stream: string) =>
  (breaker: BreakerState): void => {
    if (breaker.state === 'open') log.warn('stream open: messages go to the backup', { stream, cause: breaker.cause });
    else if (breaker.state === 'closed') log.info('stream closed: messages go to the primary', { stream });
    else log.debug('stream half-open: one batch tries the primary', { stream });
  };
