/** Kafka's jars, which Maven fetches once into a cache outside the tree. */
import { execFile, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

export const KAFKA_VERSION = '4.1.1';

/** Outside the tree: what tests fetch once. */
export const cacheFolder = (): string =>
  path.join(process.env['XDG_CACHE_HOME'] ?? path.join(homedir(), '.cache'), 'kahets');
const jarsFolder = (): string => path.join(cacheFolder(), `kafka-${KAFKA_VERSION}-with-tools`);

export const hasKafkaJars = (): boolean => existsSync(jarsFolder());

const pom = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>kahets</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
  <dependencies>${['kafka_2.13', 'kafka-tools']
    .map(
      (artifact) => `<dependency>
    <groupId>org.apache.kafka</groupId><artifactId>${artifact}</artifactId><version>${KAFKA_VERSION}</version>
  </dependency>`,
    )
    .join('')}</dependencies>
</project>
`;

/** The folder of Kafka's jars, outside the tree; fetched when it is not there. Whole or absent, never half. */
export const kafkaJars = async (): Promise<string> => {
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

/** Arguments of `java` that run a class of Kafka, its own tools included. `heap` is -Xmx. */
export const javaArguments = async (heap: string, ...args: readonly string[]): Promise<readonly string[]> => [
  `-Xmx${heap}`,
  '-cp',
  path.join(await kafkaJars(), '*'),
  ...args,
];

const MOST_OUTPUT_BYTES = 64 * 1024 * 1024;

/** Runs one of Kafka's command-line tools to its end; fails with what it said. */
export const runKafkaTool = async (tool: string, ...args: readonly string[]): Promise<string> => {
  const all = await javaArguments('256m', tool, ...args);
  return new Promise((resolve, reject) => {
    execFile('java', all, { maxBuffer: MOST_OUTPUT_BYTES }, (cause, stdout, stderr) => {
      if (cause) reject(new Error(`${tool} ${args.join(' ')}:\n${stdout}${stderr}`, { cause }));
      else resolve(stdout);
    });
  });
};
