import { NEVER, type VirtualTimeScheduler } from 'rxjs';
import { NO_OPTIONS, type Batch, type Sink } from '../../../src/model';
import { openProducer } from '../../../src/sinks/kafka';
import { createBrokers } from '../../../src/sinks/kafka/brokers';
import { uncompressed } from '../../../src/sinks/kafka/compression';
import type { KafkaSettings } from '../../../src/sinks/kafka/settings';
import { createTimers } from '../../../src/sinks/kafka/timers';
import { encodeFrame } from '../../../src/wire/frame';
import { batchOfRun, testEnv } from '../../../src/testing/builders';
import { randomFrom } from '../../support/random';
import { manyTimers } from '../../support/virtualTime';
import { advance, fakeCluster, type FakeCluster, type Tried } from './fakeCluster';
import { settingsOf } from './settingsOf';

/** What happens to a cluster that many hosts write to. */
export interface Outage {
  readonly name: string;
  readonly brokers: number;
  /** Brokers that go, the highest numbers. */
  readonly away: number;
}

/** One broker that goes and comes back; three of which all do; three of which one does and the others take over. */
export const OUTAGES: readonly Outage[] = [
  { name: 'the only broker', brokers: 1, away: 1 },
  { name: 'all three brokers', brokers: 3, away: 3 },
  { name: 'one of three brokers', brokers: 3, away: 1 },
];

/** Milliseconds from the start. */
export const GONE_MS = 20_000;
export const BACK_MS = 80_000;
/** Nobody writes from then on, so that nothing is on its way at the end. */
const QUIET_MS = 100_000;
export const END_MS = 110_000;
/** After so long the cluster gives the partitions of a broker that is gone to others: Kafka's broker.session.timeout.ms. */
const NOTICED_MS = 9_000;
/** After so long it gives them back; Kafka itself takes up to five minutes (leader.imbalance.check.interval.seconds). */
const REBALANCED_MS = 5_000;

/** Hosts start anywhere within it, and write once in this time. */
const PERIOD_MS = 5_000;

export interface Fleet {
  readonly outage: Outage;
  readonly hosts: number;
  /** Attempts to connect, in the order of time. */
  readonly tried: readonly Tried[];
  /** Batches without a receipt, at the end. */
  readonly waiting: number;
}

const addressOf = (id: number): string => `broker${id}:9092`;

/** A message for each of three partitions. */
export const aBatch = (): Batch => {
  const encoded = ['a', 'b', 'user:42'].map((key) => encodeFrame('topic', 'message', key));
  return batchOfRun('topic', encoded);
};

/** The real sink as a daemon opens it, but for the connections and the clock. */
export const openHost = (
  name: string,
  settings: KafkaSettings,
  cluster: FakeCluster,
  scheduler: VirtualTimeScheduler,
  random: () => number,
): Sink => {
  const env = testEnv({ name, scheduler, random, now: () => scheduler.frame });
  const timers = createTimers(scheduler);
  const brokers = createBrokers({
    ...settings,
    seeds: settings.brokers,
    requestTimeoutMs: 10_000,
    produceTimeoutMs: 35_000,
    reconnect: { firstMs: settings.reconnectBackoffMs, maxMs: settings.reconnectBackoffMaxMs, random },
    log: env.log,
    timers,
    connectBroker: cluster.from(name),
  });
  return openProducer(settings, env, NO_OPTIONS, { brokers, timers, compress: uncompressed });
};

/** Lets `hosts` daemons with librdkafka's defaults live through an outage of a minute. */
export const simulate = async (outage: Outage, hosts: number, seed = 1): Promise<Fleet> => {
  const random = randomFrom(seed);
  const scheduler = manyTimers();
  const cluster = fakeCluster(scheduler);
  const ids = Array.from({ length: outage.brokers }, (_, n) => n + 1);
  const away = ids.slice(outage.brokers - outage.away);
  for (const id of ids) cluster.nodes.set(id, addressOf(id));
  for (const id of ids) cluster.put(addressOf(id), 'broker');
  const leaders = [0, 1, 2].map((partition) => (partition % outage.brokers) + 1);
  cluster.leaders = leaders;
  const settings = settingsOf({ 'bootstrap.servers': ids.map(addressOf).join(',') });

  let waiting = 0;
  const live = (name: string): void => {
    const sink = openHost(name, settings, cluster, scheduler, random);
    const write = (): void => {
      waiting += 1;
      sink.write(aBatch(), NEVER).subscribe({ complete: () => (waiting -= 1) });
      if (scheduler.frame < QUIET_MS) scheduler.schedule(write, PERIOD_MS);
    };
    write();
  };
  for (let n = 0; n < hosts; n += 1) scheduler.schedule(() => live(`host${n}`), random() * PERIOD_MS);

  scheduler.schedule(() => {
    for (const id of away) cluster.put(addressOf(id), 'nobody');
  }, GONE_MS);
  scheduler.schedule(() => {
    if (away.length === ids.length) return;
    for (const id of away) cluster.nodes.delete(id);
    cluster.leaders = leaders.map((leader) => (away.includes(leader) ? 1 : leader));
  }, GONE_MS + NOTICED_MS);
  scheduler.schedule(() => {
    for (const id of away) {
      cluster.put(addressOf(id), 'broker');
      cluster.nodes.set(id, addressOf(id));
    }
  }, BACK_MS);
  scheduler.schedule(() => (cluster.leaders = leaders), BACK_MS + REBALANCED_MS);

  await advance(scheduler, END_MS);
  return { outage, hosts, tried: cluster.tried, waiting };
};

/** Attempts in each second from `fromMs` to `toMs`, of all hosts. */
export const perSecond = ({ tried }: Fleet, fromMs: number, toMs: number): readonly number[] => {
  const counts = Array.from({ length: Math.ceil((toMs - fromMs) / 1000) }, () => 0);
  for (const { atMs } of tried) {
    const second = Math.floor((atMs - fromMs) / 1000);
    if (second in counts) counts[second] = (counts[second] ?? 0) + 1;
  }
  return counts;
};

/** Milliseconds after the return until `share` of the hosts that were cut off are connected again. */
export const returnedAfter = ({ tried, hosts }: Fleet, share: number): number => {
  const first = new Map<string, number>();
  for (const { host, upMs } of tried) {
    if (upMs !== undefined && upMs >= BACK_MS && !first.has(host)) first.set(host, upMs - BACK_MS);
  }
  const times = [...first.values()].sort((a, b) => a - b);
  return times[Math.ceil(share * hosts) - 1] ?? Infinity;
};

/** The most connections that any host had at once, and how many it had at the end, over all hosts. */
export const connectionsAHost = ({ tried }: Fleet): { readonly most: number; readonly atTheEnd: number } => {
  const events = tried
    .filter(({ upMs }) => upMs !== undefined)
    .flatMap(({ host, upMs = 0, endMs }) => [
      { host, atMs: upMs, by: 1 },
      ...(endMs === undefined ? [] : [{ host, atMs: endMs, by: -1 }]),
    ])
    .sort((a, b) => a.atMs - b.atMs || a.by - b.by);
  const now = new Map<string, number>();
  let most = 0;
  for (const { host, by } of events) {
    const count = (now.get(host) ?? 0) + by;
    now.set(host, count);
    most = Math.max(most, count);
  }
  return { most, atTheEnd: Math.max(...now.values()) };
};
