/** Java that starts in half the time: a broker that lives for seconds spends most of its CPU on loading classes and compiling. */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { createBroker } from './kafka';
import { kafkaJars } from './kafkaJars';
import { createTopic } from './topics';

/** An archive is of one Java and of the very jars that it lies beside; others make no use of it. */
const archiveFile = async (): Promise<string> => {
  const { stderr } = spawnSync('java', ['-version'], { encoding: 'utf8' });
  const java = createHash('sha256').update(stderr).digest('hex').slice(0, 16);
  return path.join(await kafkaJars(), `classes-${java}.jsa`);
};

/** Has a broker write, as it ends, the classes that it loaded. Whole or absent, never half. */
const makeArchive = async (file: string): Promise<void> => {
  const unfinished = `${file}.${process.pid}`;
  const broker = await createBroker({ javaOptions: [`-XX:ArchiveClassesAtExit=${unfinished}`] });
  try {
    await broker.start();
    await createTopic(broker.address, 'any');
    await broker.stop();
    if (existsSync(unfinished)) await rename(unfinished, file);
  } finally {
    await broker.remove();
    await rm(unfinished, { force: true });
  }
};

/** For the variable JDK_JAVA_OPTIONS, which Java reads itself: classes come from an archive, and are compiled but lightly. */
export const quickJavaOptions = async (): Promise<string> => {
  const file = await archiveFile();
  if (!existsSync(file)) await makeArchive(file);
  return `-XX:SharedArchiveFile=${file} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC`;
};
