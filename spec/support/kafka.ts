/** A real Apache Kafka for the tests and the bench: a single KRaft node from the jars that Maven fetches once. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { topicNames } from './topics';

const KAFKA_VERSION = '4.1.1';
/** The variable in which jest's set-up tells the tests the address of their broker; not set: no Kafka here. */
export const KAFKA_VARIABLE = 'KAHETS_TEST_KAFKA';
const START_TIMEOUT_MS = 60_000;

/** A program that the tests need, and how to get it on Debian. */
export interface Tool {
  readonly name: string;
  readonly debianPackage: string;
}

export const KCAT: Tool = { name: 'kcat', debianPackage: 'kcat' };
export const PHP: Tool = { name: 'php', debianPackage: 'php-cli' };
const JAVA: Tool = { name: 'java', debianPackage: 'default-jre-headless' };
const MAVEN: Tool = { name: 'mvn', debianPackage: 'maven' };

const inPath = ({ name }: Tool): boolean =>
  (process.env['PATH'] ?? '').split(path.delimiter).some((folder) => existsSync(path.join(folder, name)));

export const missingTools = (tools: readonly Tool[]): readonly Tool[] => tools.filter((tool) => !inPath(tool));

const cacheFolder = (): string => path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'kahets');
const jarsFolder = (): string => path.join(cacheFolder(), `kafka-${KAFKA_VERSION}`);

/** What a broker of our own needs that is not here. */
export const missingForBroker = (): readonly Tool[] => missingTools(existsSync(jarsFolder()) ? [JAVA] : [JAVA, MAVEN]);

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kahets</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>org.apache.kafka</groupId><artifactId>kafka_2.13</artifactId><version>${KAFKA_VERSION}</version>
  </dependency></dependencies>
</project>
`;

/** The folder of Kafka's jars, outside the tree; fetched when it is not there. Whole or absent, never half. */
const kafkaJars = async (): Promise<string> => {
  const jars = jarsFolder();
  if (existsSync(jars)) return jars;
  await mkdir(cacheFolder(), { recursive: true });
  const fetching = await mkdtemp(path.join(cacheFolder(), 'fetching-'));
  try {
    const pomFile = path.join(fetching, 'pom.xml');
    await writeFile(pomFile, pom);
    const output = path.join(fetching, 'jars');
    const maven = spawnSync(
      'mvn',
      [
        '-q',
        '-B',
        '-f',
        pomFile,
        'dependency:copy-dependencies',
        '-DincludeScope=runtime',
        `-DoutputDirectory=${output}`,
      ],
      { encoding: 'utf8' },
    );
    if (maven.status !== 0)
      throw new Error(`Maven could not fetch Kafka ${KAFKA_VERSION}:\n${maven.stdout}${maven.stderr}`);
    await rename(output, jars).catch((cause: unknown) => {
      // Another run was quicker; its folder is as good.
      if (!existsSync(jars)) throw cause;
    });
  } finally {
    await rm(fetching, { recursive: true, force: true });
  }
  return jars;
};

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

const properties = (folder: string, port: number, controllerPort: number): string => `
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:${controllerPort}
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

/** A broker that is formatted but not started. `heap` is Java's -Xmx; `settings` are further lines of server.properties. */
export const createBroker = async ({ heap = '512m', settings = '' } = {}): Promise<Broker> => {
  const classpath = path.join(await kafkaJars(), '*');
  const folder = await mkdtemp(path.join(tmpdir(), 'kahets-kafka-'));
  const [port = 0, controllerPort = 0] = await freePorts(2);
  const config = path.join(folder, 'server.properties');
  await writeFile(config, properties(folder, port, controllerPort) + settings);
  const java = (...args: string[]): readonly string[] => [`-Xmx${heap}`, '-cp', classpath, ...args];
  const id = Buffer.from(randomUUID().replaceAll('-', ''), 'hex').toString('base64url');
  const format = spawnSync('java', java('kafka.tools.StorageTool', 'format', `--cluster-id=${id}`, '-c', config), {
    encoding: 'utf8',
  });
  if (format.status !== 0) throw new Error(`Kafka's storage could not be formatted:\n${format.stdout}${format.stderr}`);

  const address = `127.0.0.1:${port}`;
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
      const started = spawn('java', java('kafka.Kafka', config), { stdio: ['ignore', 'ignore', 'pipe'] });
      let errors = '';
      started.stderr.on('data', (text: Buffer) => (errors = (errors + text.toString()).slice(-10_000)));
      child = started;
      await answers(address, started, () => errors);
    },
    stop,
    remove: async () => {
      await stop('SIGKILL');
      process.off('exit', killAtExit);
      await rm(folder, { recursive: true, force: true });
    },
  };
};

/** A broker that answers. */
export const startBroker = async (options: Parameters<typeof createBroker>[0] = {}): Promise<Broker> => {
  const broker = await createBroker(options);
  await broker.start();
  return broker;
};
