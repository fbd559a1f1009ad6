import { isDeepStrictEqual } from 'node:util';
import { pipe } from 'fp-ts/function';
import * as TE from 'fp-ts/TaskEither';
import { combineLatest, distinctUntilChanged, map, Observable, Subscription } from 'rxjs';
import {
  SinkError,
  type Cause,
  type Env,
  type Health,
  type OpenError,
  type Receipt,
  type Rest,
  type Sink,
  type StreamOptions,
  type Write,
} from '../model';
import { defineSink } from './defineSink';
import { createBrokers, type Brokers } from './kafka/brokers';
import { loadCompression, type Compress } from './kafka/compression';
import { Delivery } from './kafka/delivery';
import { Producer } from './kafka/producer';
import { probeCluster } from './kafka/probeCluster';
import { openSecurity, type Security } from './kafka/security/openSecurity';
import { decodeKafkaSettings, kafkaLimits, type KafkaSettings } from './kafka/settings';
import { withStatistics } from './kafka/statistics';
import { streamLog } from './kafka/streamLog';
import { createTimers, type Timers } from './kafka/timers';

/** How long a broker has for what it can answer at once. */
const REQUEST_TIMEOUT_MS = 10_000;
/** What the way there and back may take beside the time a broker may wait for replicas. */
const ON_THE_WAY_MS = 5_000;
/** How long closing waits for writes that are under way. */
const CLOSE_TIMEOUT_MS = 5_000;

const GAVE_UP: Cause = { kind: 'gave_up', message: 'told to stop before the broker acknowledged' };
const CLOSED: Cause = { kind: 'gave_up', message: 'the sink was closed' };

/** What a producer works with; closing the sink closes the brokers and timers. */
interface ProducerTools {
  readonly brokers: Brokers;
  readonly timers: Timers;
  readonly compress: Compress;
}

/** The sink over `brokers`, whatever they are; closing it closes them and `timers`. */
export const openProducer = (
  settings: KafkaSettings,
  env: Env,
  options: StreamOptions,
  { brokers, timers, compress }: ProducerTools,
): Sink => {
  const { now, random, log, held } = env;
  const producer = new Producer(settings, { options, brokers, timers, compress, now, random, log, held });
  const underWay = countUnderWay();
  return {
    write: writeTo(producer, env, underWay),
    retries: true,
    health$: combineLatest([brokers.health$, producer.refusal$, producer.troubles.all$]).pipe(
      map(([reached, refusal, topics]): Health => {
        if (reached.state === 'down') return reached;
        if (refusal !== undefined) return { state: 'down', cause: refusal };
        return topics.size > 0 ? { state: 'topicsDown', topics } : reached;
      }),
      distinctUntilChanged((a, b) => isDeepStrictEqual(a, b)),
    ),
    close: async () => {
      await new Promise<void>((resolve) => {
        timers.after(CLOSE_TIMEOUT_MS, resolve);
        underWay.onceNone(resolve);
      });
      producer.close(CLOSED);
      timers.close();
      brokers.close();
    },
  };
};

/** Counts writes that have not ended. */
interface UnderWay {
  begin(): void;
  end(): void;
  /** Calls back once, when there are none. */
  onceNone(work: () => void): void;
}

const countUnderWay = (): UnderWay => {
  let count = 0;
  let waiting: (() => void) | undefined;
  const check = (): void => {
    const work = count === 0 ? waiting : undefined;
    if (!work) return;
    waiting = undefined;
    work();
  };
  return {
    begin: () => (count += 1),
    end: () => {
      count -= 1;
      check();
    },
    onceNone: (work) => {
      waiting = work;
      check();
    },
  };
};

const writeTo =
  (producer: Producer, { name: sink, now }: Pick<Env, 'name' | 'now'>, underWay: UnderWay): Write =>
  (batch, giveUp$) =>
    new Observable<Receipt>((subscriber) => {
      const stop = new Subscription();
      const delivery = new Delivery(
        batch,
        (ended) => {
          stop.unsubscribe();
          const rest: Rest[] = [];
          for (const { batch: part, fate } of ended)
            if (fate.kind === 'acknowledged')
              subscriber.next({ sink, batch: part, how: 'delivered', maybeTwice: fate.maybeTwice });
            else rest.push({ batch: part, cause: fate.cause, written: fate.written });
          if (rest.length > 0) subscriber.error(new SinkError(sink, rest));
          else subscriber.complete();
          underWay.end();
        },
        now(),
      );
      underWay.begin();
      const giveUp = (): void => producer.giveUp(delivery, GAVE_UP);
      // Not tied to the subscriber: who unsubscribes cancels nothing, and so the delivery must still be able to give up.
      stop.add(giveUp$.subscribe({ next: giveUp, error: giveUp }));
      if (!delivery.ended) producer.add(delivery);
    });

interface Loaded {
  readonly security: Security;
  readonly compress: Compress;
}

const openKafka = (settings: KafkaSettings, env: Env, options: StreamOptions, { security, compress }: Loaded): Sink => {
  const timers = createTimers(env.scheduler);
  const brokers = createBrokers({
    ...settings,
    security,
    seeds: settings.brokers,
    requestTimeoutMs: Math.min(settings.socketTimeoutMs, REQUEST_TIMEOUT_MS),
    produceTimeoutMs: Math.min(
      settings.socketTimeoutMs,
      Math.min(settings.requestTimeoutMs, options.handOverMs ?? Infinity) + ON_THE_WAY_MS,
    ),
    reconnect: { firstMs: settings.reconnectBackoffMs, maxMs: settings.reconnectBackoffMaxMs, random: env.random },
    log: env.log,
    timers,
  });
  const close = (): void => {
    brokers.close();
    security.sasl?.close();
  };
  return withStatistics(settings.statisticsIntervalMs, env, timers, { ...brokers, close }, (counted) =>
    openProducer(settings, env, options, { brokers: counted, timers, compress }),
  );
};

/**
 * Writes each bucket to the topic of its name, as record batches of its own making over kafkajs's connections.
 *
 *     write   a--b-------|
 *     receipt ----a--b---|   when `acks` have come; without giveUp$ it retries for ever
 *
 * Opening needs no broker: what is written waits until one answers. It fails where a certificate or key is no good, and
 * where a codec's package is missing. Settings are librdkafka's.
 */
export const kafka = defineSink({
  decode: decodeKafkaSettings,
  warnings: ({ warnings }) => warnings,
  limits: kafkaLimits,
  deadlineMs: ({ messageTimeoutMs }) => messageTimeoutMs,
  share: ({ share }) => share,
  where: ({ brokers }) => `Kafka at ${brokers.join(', ')}`,
  probe: probeCluster,
  open: (settings, env, options) => {
    const own = { ...env, log: streamLog(env.log, settings.log) };
    return pipe(
      loadCompression(settings.compression, settings.compressionLevel, env.compressions),
      TE.bindTo('compress'),
      TE.bind('security', () => openSecurity(settings, own)),
      TE.bimap(
        (message): OpenError => ({ sink: env.name, message }),
        (loaded) => openKafka(settings, own, options, loaded),
      ),
    );
  },
});
