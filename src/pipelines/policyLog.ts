import { tap } from 'rxjs';
import { SinkError, type BreakerState, type Env, type Write } from '../model';

/** Of a bucket and reason the log speaks once in this time. */
const QUIET_MS = 60_000;
/** Buckets and reasons that are remembered; beyond, the oldest is forgotten, and spoken of again. */
const MOST_REMEMBERED = 1_000;

/** Tells log and ledger of the stream's breaker. */
export const tellStream =
  ({ log, ledger }: Pick<Env, 'log' | 'ledger'>, stream: string) =>
  (breaker: BreakerState): void => {
    ledger.state(stream, undefined, breaker);
    if (breaker.state === 'open') log.warn('stream open: messages go to the backup', { stream, cause: breaker.cause });
    else if (breaker.state === 'closed') log.info('stream closed: messages go to the primary', { stream });
    else log.debug('stream half-open: one batch tries the primary', { stream });
  };

/** Tells log and ledger of the breaker of one of its topics. */
export const tellTopic =
  ({ log, ledger }: Pick<Env, 'log' | 'ledger'>, stream: string) =>
  (bucket: string, breaker: BreakerState): void => {
    ledger.state(stream, bucket, breaker);
    const at = { stream, bucket };
    if (breaker.state === 'open')
      log.warn('topic open: its messages go to the backup', { ...at, cause: breaker.cause });
    else if (breaker.state === 'closed') log.info('topic closed: its messages go to the primary', at);
    else log.debug('topic half-open: one batch tries the primary', at);
  };

/** Of a stream without a backup: its live messages wait, and only what is sent on later meets a breaker. */
export const tellPrimary = ({ log }: Pick<Env, 'log'>, stream: string) => {
  const tell = (breaker: BreakerState, bucket?: string): void =>
    log.debug('replay: breaker', { stream, ...(bucket !== undefined && { bucket }), ...breaker });
  return { stream: tell, topic: (bucket: string, breaker: BreakerState): void => tell(breaker, bucket) };
};

/** Tells what no sink ever takes and why, once a minute for each bucket and reason. */
export const logPoison = (
  { log, scheduler }: Pick<Env, 'log' | 'scheduler'>,
  stream: string,
  kept: boolean,
): ((write: Write) => Write) => {
  const saidMs = new Map<string, number>();
  const message = kept
    ? 'messages that no sink takes go to the dead letters'
    : 'messages that no sink takes are dropped: there is no deadLetter, and no file backup';
  const tell = (bucket: string, count: number, cause: string): void => {
    const key = JSON.stringify([bucket, cause]);
    const nowMs = scheduler.now();
    const lastMs = saidMs.get(key);
    // The clock may have been put back.
    if (lastMs !== undefined && Math.abs(nowMs - lastMs) < QUIET_MS) return;
    const [oldest] = saidMs.keys();
    if (saidMs.size >= MOST_REMEMBERED && oldest !== undefined) saidMs.delete(oldest);
    saidMs.delete(key);
    saidMs.set(key, nowMs);
    log.warn(message, { stream, bucket, count, cause });
  };
  return (write) => (batch, giveUp$) =>
    write(batch, giveUp$).pipe(
      tap({
        error: (error: unknown) => {
          if (!(error instanceof SinkError)) return;
          for (const { batch: part, cause } of error.rest)
            if (cause.kind === 'poison') tell(batch.bucket, part.count, cause.message);
        },
      }),
    );
};
