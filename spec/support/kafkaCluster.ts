/** A real Kafka cluster for the tests: several brokers that come and go, and what they say of a topic. */
import type { PartitionMetadata } from 'kafkajs';
import { createNode, freePorts, newClusterId, type Broker } from './kafka';
import { runKafkaTool } from './kafkaJars';
import { withAdmin } from './topics';

/** Enough for a few partitions. */
const HEAP = '256m';
const POLL_MS = 100;
const TIMEOUT_MS = 60_000;

/** Brokers numbered from 1. The first one is the controller too, so that what is left of the cluster can go on: leave it running. */
export interface Cluster {
  /** Of all brokers, running or not. */
  readonly addresses: string;
  readonly ports: readonly number[];
  readonly broker: (id: number) => Broker;
  /** Starts brokers, all at once. */
  readonly start: (...ids: readonly number[]) => Promise<void>;
  /** Ends all and removes their data. */
  readonly remove: () => Promise<void>;
}

/** Brokers that are formatted but not started. `settings`: further lines of server.properties, for each of them. */
export const createCluster = async (brokers: number, settings = ''): Promise<Cluster> => {
  const [controllerPort = 0, ...ports] = await freePorts(brokers + 1);
  const clusterId = newClusterId();
  const nodes = await Promise.all(
    ports.map((port, n) => {
      const brokerOnly = `process.roles=broker\nlisteners=PLAINTEXT://127.0.0.1:${port}\n`;
      return createNode({
        nodeId: n + 1,
        port,
        controllerPort,
        voters: `1@127.0.0.1:${controllerPort}`,
        clusterId,
        heap: HEAP,
        settings: `${n === 0 ? '' : brokerOnly}${settings}`,
      });
    }),
  );
  const broker = (id: number): Broker => {
    const node = nodes[id - 1];
    if (!node) throw new Error(`no broker ${id} in a cluster of ${brokers}`);
    return node;
  };
  return {
    addresses: nodes.map(({ address }) => address).join(','),
    ports,
    broker,
    start: async (...ids) => {
      await Promise.all(ids.map((id) => broker(id).start()));
    },
    remove: async () => {
      await Promise.all(nodes.map((node) => node.remove()));
    },
  };
};

/** The brokers that have each partition, the one that leads it first. */
export type Assignment = readonly (readonly number[])[];

const inOrder = (partitions: readonly PartitionMetadata[]): readonly PartitionMetadata[] =>
  [...partitions].sort((a, b) => a.partitionId - b.partitionId);

/** Adds partitions to a topic until it has `count`. */
export const addPartitions = (address: string, topic: string, count: number): Promise<boolean> =>
  withAdmin(address, (admin) => admin.createPartitions({ topicPartitions: [{ topic, count }] }));

/** How many of a topic's partitions hold messages; 0 as long as nobody can tell. */
export const usedPartitions = (address: string, topic: string): Promise<number> =>
  withAdmin(address, async (admin) => {
    const offsets = await admin.fetchTopicOffsets(topic);
    return offsets.filter(({ high }) => Number(high) > 0).length;
  }).catch(() => 0);

/** Moves partitions to other brokers; a leader that is not among them any more gives way. */
export const reassign = (address: string, topic: string, assignment: Assignment): Promise<void> =>
  withAdmin(address, async (admin) => {
    const partitionAssignment = assignment.map((replicas, partition) => ({ partition, replicas: [...replicas] }));
    await admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
  });

/** Gives every partition to the first of its brokers. */
export const electPreferred = async (address: string): Promise<void> => {
  const tool = 'org.apache.kafka.tools.LeaderElectionCommand';
  const options = ['--bootstrap-server', address, '--election-type', 'preferred', '--all-topic-partitions'];
  await runKafkaTool(tool, ...options);
};

const partitionsOf = (address: string, topic: string): Promise<readonly PartitionMetadata[]> =>
  withAdmin(address, async (admin) => {
    const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
    return inOrder(topics[0]?.partitions ?? []);
  });

/** Resolves when what the cluster says of the topic's partitions, in their order, is as `wanted`. */
export const untilPartitions = async (
  address: string,
  topic: string,
  wanted: (partitions: readonly PartitionMetadata[]) => boolean,
): Promise<void> => {
  const deadline = Date.now() + TIMEOUT_MS;
  for (;;) {
    // kafkajs asks any broker that it has heard of, be it gone.
    const partitions = await partitionsOf(address, topic).catch(() => []);
    if (partitions.length > 0 && wanted(partitions)) return;
    if (Date.now() > deadline) throw new Error(`${topic} is not as wanted: ${JSON.stringify(partitions)}`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};

/** Creates a topic on the brokers named; resolves when its partitions have their leaders. */
export const createTopicOn = async (address: string, topic: string, assignment: Assignment): Promise<void> => {
  await withAdmin(address, async (admin) => {
    const replicaAssignment = assignment.map((replicas, partition) => ({ partition, replicas: [...replicas] }));
    await admin.createTopics({ topics: [{ topic, replicaAssignment }], waitForLeaders: false });
  });
  await untilPartitions(address, topic, (all) => assignment.every(([leader], n) => all[n]?.leader === leader));
};
