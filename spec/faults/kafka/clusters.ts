/** Several brokers, of which some go. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { PartitionMetadata } from 'kafkajs';
import {
  createCluster,
  createTopicOn,
  untilPartitions,
  type Assignment,
  type Cluster,
} from '../../support/kafkaCluster';
import type { FaultCase, FaultContext } from '../faultCase';
import { newTopic, startScene, type Scene, type SceneOptions } from './scene';

const REPLICAS = 3;
/** The first broker has no partitions: it is the controller, without which nobody elects. */
const SPREAD: Assignment = [
  [2, 3, 4],
  [3, 4, 2],
  [4, 2, 3],
];
const PAIRED: Assignment = [
  [2, 3],
  [3, 2],
];
const SETTINGS = 'min.insync.replicas=2\n';

const startCluster = async ({ atEnd }: FaultContext, brokers: number): Promise<Cluster> => {
  const cluster = await createCluster(brokers, SETTINGS);
  atEnd(() => cluster.remove());
  // One after the other: all at once take longer on few cores than one may.
  for (let id = 1; id <= brokers; id += 1) await cluster.start(id);
  return cluster;
};

interface OnCluster {
  readonly cluster: Cluster;
  readonly scene: Scene;
  /** Resolves when it holds for every partition of the scene's topic. */
  readonly until: (holds: (partition: PartitionMetadata) => boolean) => Promise<void>;
}

/** As many brokers as `on` names, and the daemon that sends to a topic spread over them. */
const startOn = async (
  context: FaultContext,
  on: Assignment,
  options: Partial<SceneOptions> = {},
): Promise<OnCluster> => {
  const cluster = await startCluster(context, Math.max(...on.flat()));
  const topic = newTopic('fault');
  await createTopicOn(cluster.addresses, topic, on);
  const scene = await startScene({ context, address: cluster.addresses, topic, ...options });
  return { cluster, scene, until: (holds) => untilPartitions(cluster.addresses, topic, (all) => all.every(holds)) };
};

/** Electing a leader takes seconds: without a failover meanwhile order holds, and nothing comes twice. */
const PATIENT: Partial<SceneOptions> = { stream: { failover: { afterMs: 60_000, retryMs: 1000 } } };

const leaderKilled: FaultCase = {
  name: 'leader-killed',
  number: 8,
  title: 'three brokers: the leader of a partition killed, back after 15 s',
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I6', 'I7'],
  limitS: 180,
  run: async (context) => {
    const { cluster, scene, until } = await startOn(context, SPREAD, PATIENT);
    scene.fault();
    await cluster.broker(2).stop('SIGKILL');
    // Another takes over: what counts as healed is that it leads, not that the killed one is back.
    await until(({ leader }) => leader > 2);
    await scene.healed();
    await sleep(15_000);
    await cluster.broker(2).start();
    await until(({ isr }) => isr.length === REPLICAS);
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
    const { cluster, scene, until } = await startOn(context, SPREAD, PATIENT);
    scene.fault();
    for (const id of [2, 3, 4]) {
      await cluster.broker(id).stop();
      await cluster.broker(id).start();
      await until(({ isr }) => isr.length === REPLICAS);
    }
    await scene.healed();
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
    const { cluster, scene, until } = await startOn(context, PAIRED);
    scene.fault();
    await cluster.broker(3).stop('SIGKILL');
    await scene.switched();
    await sleep(15_000);
    await cluster.broker(3).start();
    await until(({ isr }) => isr.length === 2);
    await scene.healed();
    return scene.finish();
  },
};

export const clusters: readonly FaultCase[] = [leaderKilled, rollingRestart, tooFewReplicas];
