import * as E from 'fp-ts/Either';
import { defer, finalize } from 'rxjs';
import type { Env, Sink, Write } from '../../model';
import type { Brokers } from './brokers';
import type { ProduceAnswer } from './requests';
import type { Timers } from './timers';
import { verdictOf } from './verdict';

/** What the stream did since the last line. */
interface Counts {
  requests: number;
  /** Record batches that were acknowledged, and their messages. */
  batches: number;
  messages: number;
  /** Record batches that were sent and not acknowledged; they may have been resent since. */
  failedBatches: number;
  roundTripsMs: number;
  longestMs: number;
}

const NOTHING: Counts = { requests: 0, batches: 0, messages: 0, failedBatches: 0, roundTripsMs: 0, longestMs: 0 };

const keyOf = ({ topic, partition }: { readonly topic: string; readonly partition: number }): string =>
  `${topic}/${partition}`;

/**
 * Shows in the log what the sink does that `open` makes: one line each `intervalMs` (0: never, and nothing is counted), with
 * what has been since the line before, and what is on its way and waits now.
 *
 * @see librdkafka's statistics.interval.ms
 */
export const withStatistics = (
  intervalMs: number,
  { name: stream, log, scheduler }: Pick<Env, 'name' | 'log' | 'scheduler'>,
  timers: Timers,
  brokers: Brokers,
  open: (brokers: Brokers) => Sink,
): Sink => {
  if (intervalMs <= 0) return open(brokers);
  let counts = { ...NOTHING };
  let inFlight = 0;
  let queuedBytes = 0;
  const seen = new Set<number>();

  const count = (messagesOf: ReadonlyMap<string, number>, answer: E.Either<unknown, ProduceAnswer>): void => {
    let acknowledged = 0;
    for (const one of E.isRight(answer) ? answer.right.partitions : []) {
      const messages = messagesOf.get(keyOf(one));
      if (messages === undefined || verdictOf(one.code).kind !== 'done') continue;
      acknowledged += 1;
      counts.messages += messages;
    }
    counts.batches += acknowledged;
    counts.failedBatches += messagesOf.size - acknowledged;
  };

  const produce: Brokers['produce'] = async (broker, request) => {
    const messagesOf = new Map(request.contents?.().map((one) => [keyOf(one), one.messages]));
    const startedMs = scheduler.now();
    seen.add(broker);
    inFlight += 1;
    const answer = await brokers.produce(broker, request);
    inFlight -= 1;
    const tookMs = scheduler.now() - startedMs;
    counts.requests += 1;
    counts.roundTripsMs += tookMs;
    counts.longestMs = Math.max(counts.longestMs, tookMs);
    count(messagesOf, answer);
    return answer;
  };

  const show = (): void => {
    const { requests, batches, messages, failedBatches, roundTripsMs, longestMs } = counts;
    counts = { ...NOTHING };
    log.info('statistics', {
      stream,
      messages,
      batches,
      failedBatches,
      requests,
      roundTripMs: { avg: requests === 0 ? 0 : Math.round((10 * roundTripsMs) / requests) / 10, max: longestMs },
      inFlight,
      queuedBytes,
      brokers: [...seen].filter((broker) => brokers.isConnected(broker)).length,
    });
    timers.after(intervalMs, show);
  };
  timers.after(intervalMs, show);

  const sink = open({ ...brokers, produce });
  const write: Write = (batch, giveUp$) =>
    defer(() => {
      const written = sink.write(batch, giveUp$);
      queuedBytes += batch.bytes;
      return written.pipe(finalize(() => (queuedBytes -= batch.bytes)));
    });
  return { ...sink, write };
};
