import * as E from 'fp-ts/Either';
import type { Finding, Probe } from '../../model';
import { connectBroker } from './cluster';
import type { BrokerConnection, ConnectionAttempt } from './connection';
import { split } from './link';
import { openSecurity, type Security } from './security/openSecurity';
import type { KafkaSettings } from './settings';
import { createTimers, type Timers } from './timers';
import { lookRequest, type Look, type TopicLook } from './topicLook';
import { topicNameProblem } from './topicName';
import { describeCode } from './verdict';

const UNKNOWN_TOPIC = 3;
/** Brokers of one cluster that are tried at once: of a large one it is enough to know the first. */
const MAX_BROKERS = 50;

/** What a look needs, and what it has opened. */
interface Looking {
  readonly settings: KafkaSettings;
  readonly security: Security;
  readonly env: Parameters<Probe>[0];
  readonly timers: Timers;
  readonly attempts: ConnectionAttempt[];
  readonly leftMs: () => number;
}

/** One address, and what it answered. */
interface Answer {
  readonly address: string;
  readonly answer: E.Either<string, Look>;
}

/** Opens a connection and asks on it: a broker that wants SASL greets everybody, and closes then. */
const ask =
  ({ settings, security, env, timers, attempts, leftMs }: Looking, topics: readonly string[]) =>
  async (address: string): Promise<Answer> => {
    const [host, port] = split(address);
    let ended = 'closed by the broker';
    const attempt = connectBroker(host, port, {
      ...settings,
      ...{ security, log: env.log, timers },
      connectionSetupTimeoutMs: Math.min(settings.connectionSetupTimeoutMs, leftMs()),
      onClose: (cause) => (ended = cause),
    });
    attempts.push(attempt);
    const opened = await attempt.opened;
    if (E.isLeft(opened)) return { address, answer: opened };
    const answer = await request(opened.right, topics, leftMs());
    return { address, answer: E.mapLeft((said: string | undefined) => said ?? ended)(answer) };
  };

/** Left is undefined where the end of the connection says it better. */
const request = async (
  connection: BrokerConnection,
  topics: readonly string[],
  timeoutMs: number,
): Promise<E.Either<string | undefined, Look>> => {
  const answer = await connection.request(lookRequest(topics), timeoutMs);
  return E.mapLeft(({ kind, message }: { kind: string; message: string }) =>
    kind === 'unsupported' ? `${message}: topics can be looked at from Kafka 2.3 on` : undefined,
  )(answer);
};

const brokerFinding =
  (how = '') =>
  ({ address, answer }: Answer): Finding => ({
    place: `broker ${address}${how}`,
    // The explanation of a connection starts with its address, too.
    problem: E.isLeft(answer) ? answer.left.replace(`${address}: `, '') : undefined,
  });

const topicFinding = (
  { topic, code, leaders, mayWrite }: TopicLook,
  { allowAutoCreateTopics }: KafkaSettings,
): Finding => {
  const place = `topic ${topic}`;
  if (code === UNKNOWN_TOPIC)
    return allowAutoCreateTopics
      ? { place, note: 'is not there: the first message makes it where brokers do so (auto.create.topics.enable)' }
      : { place, problem: 'is not there: make it, or set allow.auto.create.topics to true' };
  if (code !== 0) return { place, problem: describeCode(code) };
  if (!mayWrite) return { place, problem: 'may not be written to: give this user the operation Write on it' };
  const leaderless = leaders.filter((leader) => leader < 0).length;
  return leaderless > 0
    ? {
        place,
        problem: `${leaderless} of ${leaders.length} partitions have no leader: start the brokers that have them`,
      }
    : { place, note: `${leaders.length} ${leaders.length === 1 ? 'partition' : 'partitions'}` };
};

const lookAt = async (looking: Looking, buckets: readonly string[]): Promise<readonly Finding[]> => {
  const { settings } = looking;
  const named = buckets.map((bucket) => ({ bucket, problem: topicNameProblem(bucket) }));
  const topics = named.filter(({ problem }) => problem === undefined).map(({ bucket }) => bucket);
  const seeds = await Promise.all(settings.brokers.map(ask(looking, topics)));
  const look = seeds.map(({ answer }) => answer).find(E.isRight)?.right;
  const advertised = (look?.brokers ?? [])
    .map(({ host, port }) => `${host}:${port}`)
    .filter((address) => !settings.brokers.includes(address))
    .slice(0, MAX_BROKERS);
  const others = await Promise.all(advertised.map(ask(looking, [])));
  return [
    ...seeds.map(brokerFinding()),
    ...others.map(brokerFinding(" (of the cluster's advertised.listeners)")),
    ...named.flatMap(({ bucket, problem }) =>
      problem === undefined ? [] : [{ place: `topic ${bucket}`, problem: `can never be: ${problem}` }],
    ),
    ...(look?.topics ?? []).map((topic) => topicFinding(topic, settings)),
  ];
};

/**
 * Connects to every broker, as the sink would, and asks for the topics of `buckets`: whether they are there, led, and may be
 * written to. Nothing is written and no topic is made.
 */
export const probeCluster = async (
  settings: KafkaSettings,
  env: Parameters<Probe>[0],
  { buckets, timeoutMs }: Parameters<Probe>[1],
): Promise<readonly Finding[]> => {
  const security = await openSecurity(settings, env)();
  if (E.isLeft(security)) return [{ place: 'certificates', problem: security.left }];
  const timers = createTimers(env.scheduler);
  const until = env.now() + timeoutMs;
  // Half of it for what is next: where one broker is silent, others still have a chance.
  const leftMs = (): number => Math.max(1, (until - env.now()) / 2);
  const attempts: ConnectionAttempt[] = [];
  try {
    return await lookAt({ settings, security: security.right, env, timers, attempts, leftMs }, buckets);
  } finally {
    for (const attempt of attempts) attempt.close('the look is over');
    timers.close();
    security.right.sasl?.close();
  }
};
