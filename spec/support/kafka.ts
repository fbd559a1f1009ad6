/** A real Apache Kafka for the tests and the bench: KRaft nodes that are broker and controller. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { hasKafkaJars, javaArguments, runKafkaTool } from './kafkaJars';
import { topicNames } from './topics';

/** The variable in which jest's set-up tells the tests the address of their broker; not set: no Kafka here. */
export const KAFKA_VARIABLE = 'KAHETS_TEST_KAFKA';
const START_TIMEOUT_MS = 90_000;

/** A program that the tests need, and how to get it on Debian. */
export interface Tool {
  readonly name: string;
  readonly debianPackage: string;
}

export const KCAT: Tool = { name: 'kcat', debianPackage: 'kcat' };
export const OPENSSL: Tool = { name: 'openssl', debianPackage: 'openssl' };
export const PHP: Tool = { name: 'php', debianPackage: 'php-cli' };
const JAVA: Tool = { name: 'java', debianPackage: 'default-jre-headless' };
const MAVEN: Tool = { name: 'mvn', debianPackage: 'maven' };

const inPath = ({ name }: Tool): boolean =>
  (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, name)));

export const missingTools = (tools: readonly Tool[]): readonly Tool[] => tools.filter((tool) => !inPath(tool));

/** What a broker of our own needs that is not here. */
export const missingForBroker = (): readonly Tool[] => missingTools(hasKafkaJars() ? [JAVA] : [JAVA, MAVEN]);

/** Ports that nobody listens on, all different. */
export const freePorts = async (count: number): Promise<readonly number[]> => {
  const servers = await Promise.all(
    Array.from({ length: count }, async () => {
      const server = createServer().listen(0, '127.0.0.1');
      await once(server, 'listening');
      return server;
    }),
  );
  return Promise.all(
    servers.map(async (server) => {
      const address = server.address();
      server.close();
      await once(server, 'close');
      return typeof address === 'object' && address !== null ? address.port : 0;
    }),
  );
};

const properties = (folder: string, { port, controllerPort, nodeId, voters, settings }: NodeOptions): string => `
process.roles=broker,controller
node.id=${nodeId}
controller.quorum.voters=${voters}
listeners=PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=PLAINTEXT://127.0.0.1:${port}
controller.listener.names=CONTROLLER
log.dirs=${path.join(folder, 'logs')}
num.partitions=3
auto.create.topics.enable=true
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
${settings}
`;

/**
 * Lines of server.properties for a broker that is killed and started again: it does not take part until the session of the
 * one before has ended.
 */
export const BACK_SOON = `
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=250
`;

/** A broker of one's own: it can be stopped, killed and started again at the same address with the same data. */
export interface Broker {
  readonly address: string;
  readonly pid: () => number | undefined;
  /** Resolves when the broker answers. */
  readonly start: () => Promise<void>;
  /** Ends it in order, or at once with SIGKILL, and resolves when it is gone. */
  readonly stop: (signal?: 'SIGTERM' | 'SIGKILL') => Promise<void>;
  /** Stops it and removes its data. */
  readonly remove: () => Promise<void>;
}

/** One node of a cluster; it is broker and controller. */
export interface NodeOptions {
  readonly nodeId: number;
  readonly port: number;
  readonly controllerPort: number;
  /** All controllers, as `id@host:port`. */
  readonly voters: string;
  readonly clusterId: string;
  /** Java's -Xmx. */
  readonly heap: string;
  /** Further lines of server.properties; they win over those above them. */
  readonly settings: string;
  /** Further arguments of `kafka-storage format`. */
  readonly format?: readonly string[];
  /** Further options of Java, `-D` for one. */
  readonly javaOptions?: readonly string[];
}

export const newClusterId = (): string => Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');

const ended = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
};

const answers = async (address: string, child: ChildProcess, errors: () => string): Promise<void> => {
  const deadline = Date.now() + START_TIMEOUT_MS;
  for (;;) {
    try {
      await topicNames(address);
      return;
    } catch (cause) {
      if (child.exitCode !== null) throw new Error(`Kafka ended with code ${child.exitCode}:\n${errors()}`);
      if (Date.now() > deadline) throw new Error(`Kafka did not answer in ${START_TIMEOUT_MS} ms`, { cause });
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
};

/** A node that is formatted but not started. */
export const createNode = async (options: NodeOptions): Promise<Broker> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kahets-kafka-'));
  const config = path.join(folder, 'server.properties');
  await writeFile(config, properties(folder, options));
  const format = ['format', `--cluster-id=${options.clusterId}`, '-c', config, ...(options.format ?? [])];
  await runKafkaTool('kafka.tools.StorageTool', ...format);

  const address = `127.0.0.1:${options.port}`;
  const args = await javaArguments(options.heap, ...(options.javaOptions ?? []), 'kafka.Kafka', config);
  let child: ChildProcess | undefined;
  const killAtExit = (): void => void child?.kill('SIGKILL');
  process.once('exit', killAtExit);

  const stop: Broker['stop'] = async (signal = 'SIGTERM') => {
    child?.kill(signal);
    if (child) await ended(child);
    child = undefined;
  };
  return {
    address,
    pid: () => child?.pid,
    start: async () => {
      const started = spawn('java', args, { stdio: ['ignore', 'ignore', 'pipe'] });
      let errors = '';
      started.stderr.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-10_000)));
      child = started;
      try {
        await answers(address, started, () => errors);
      } catch (cause) {
        await stop('SIGKILL');
        throw cause;
      }
    },
    stop,
    remove: async () => {
      await stop('SIGKILL');
      process.off('exit', killAtExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** A single broker that is formatted but not started. */
export const createBroker = async ({
  heap = '512m',
  settings = '',
  javaOptions = [],
}: Partial<Pick<NodeOptions, 'heap' | 'settings' | 'javaOptions'>> = {}): Promise<Broker> => {
  const [port = 0, controllerPort = 0] = await freePorts(2);
  const voters = `1@127.0.0.1:${controllerPort}`;
  const clusterId = newClusterId();
  return createNode({ nodeId: 1, port, controllerPort, voters, clusterId, heap, settings, javaOptions });
};

/** A broker that answers. */
export const startBroker = async (options: Parameters<typeof createBroker>[0] = {}): Promise<Broker> => {
  const broker = await createBroker(options);
  try {
    await broker.start();
  } catch (cause) {
    await broker.remove();
    throw cause;
  }
  return broker;
};
