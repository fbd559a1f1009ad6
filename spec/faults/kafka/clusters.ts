/** Several brokers, of which some go. */
import { setTimeout as sleep } from 'node:timers/promises';
import { createCluster, createTopicOn, untilPartitions, type Cluster } from '../../support/kafkaCluster';
import type { FaultCase, FaultContext } from '../faultCase';
import { newTopic, startScene, type SceneOptions } from './scene';

const REPLICAS = 3;
/** The first broker has no partitions: it is the controller, without which nobody elects. */
const ON = [
  [2, 3, 4],
  [3, 4, 2],
  [4, 2, 3],
] as const;
const SETTINGS = 'min.insync.replicas=2\n';

const startCluster = async ({ atEnd }: FaultContext, brokers: number): Promise<Cluster> => {
  const cluster = await createCluster(brokers, SETTINGS);
  atEnd(() => cluster.remove());
  // One after the other: all at once take longer on few cores than one may.
  for (let id = 1; id <= brokers; id += 1) await cluster.start(id);
  return cluster;
};

/** Electing a leader takes seconds: without a failover meanwhile order holds, and nothing comes twice. */
const patient = { stream: { failover: { afterMs: 60_000, retryMs: 1000 } } } satisfies Partial<SceneOptions>;

const leaderKilled: FaultCase = {
  name: 'leader-killed',
  number: 8,
  title: 'three brokers: the leader of a partition killed, back after 15 s',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7'],
  limitS: 180,
  run: async (context) => {
    const cluster = await startCluster(context, REPLICAS + 1);
    const topic = newTopic('fault');
    await createTopicOn(cluster.addresses, topic, ON);
    const scene = await startScene({ context, address: cluster.addresses, topic, ...patient });
    scene.fault();
    await cluster.broker(2).stop('SIGKILL');
    // Another takes over: what counts as healed is that it leads, not that the killed one is back.
    await untilPartitions(cluster.addresses, topic, (all) => all.every(({ leader }) => leader > 2));
    scene.healed();
    await scene.returned();
    await sleep(15_000);
    await cluster.broker(2).start();
    await untilPartitions(cluster.addresses, topic, (all) => all.every(({ isr }) => isr.length === REPLICAS));
    return scene.finish();
  },
};

const rollingRestart: FaultCase = {
  name: 'rolling-restart',
  number: 8,
  title: 'three brokers: restarted one after the other',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7'],
  limitS: 240,
  run: async (context) => {
    const cluster = await startCluster(context, REPLICAS + 1);
    const topic = newTopic('fault');
    await createTopicOn(cluster.addresses, topic, ON);
    const scene = await startScene({ context, address: cluster.addresses, topic, ...patient });
    scene.fault();
    for (const id of [2, 3, 4]) {
      await cluster.broker(id).stop();
      await cluster.broker(id).start();
      await untilPartitions(cluster.addresses, topic, (all) => all.every(({ isr }) => isr.length === REPLICAS));
    }
    scene.healed();
    await scene.returned();
    return scene.finish();
  },
};

const tooFewReplicas: FaultCase = {
  name: 'too-few-replicas',
  number: 9,
  title: 'below min.insync.replicas for 15 s',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'],
  limitS: 180,
  run: async (context) => {
    const cluster = await startCluster(context, 3);
    const topic = newTopic('fault');
    await createTopicOn(cluster.addresses, topic, [
      [2, 3],
      [3, 2],
    ]);
    const scene = await startScene({ context, address: cluster.addresses, topic });
    scene.fault();
    await cluster.broker(3).stop('SIGKILL');
    await scene.switched();
    await sleep(15_000);
    await cluster.broker(3).start();
    await untilPartitions(cluster.addresses, topic, (all) => all.every(({ isr }) => isr.length === 2));
    scene.healed();
    await scene.returned();
    return scene.finish();
  },
};

export const clusters: readonly FaultCase[] = [leaderKilled, rollingRestart, tooFewReplicas];
