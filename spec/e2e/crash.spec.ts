import { existsSync } from 'node:fs';
import path from 'node:path';
import { kill } from 'node:process';
import type { LedgerRow } from '../../src/model';
import { rowsIn } from '../support/books';
import { openClient } from '../support/client';
import { endDaemons, launchDaemon, MAIN, startDaemon, type Daemon, type Ended } from '../support/daemon';
import {
  addTopic,
  brokers,
  describeKafka,
  fileStream,
  finalLedger,
  freshTopic,
  kafkaAlone,
  noBroker,
  oneBucket,
  rowOf,
} from '../support/endToEnd';
import { addFiles, Arrivals, filesIn, NO_FAULTS, writeUntilClosed } from '../support/numbered';
import { awaitMessages, createTopic } from '../support/topics';
import { until } from '../support/until';

afterEach(endDaemons);

const WITH_DEFECT = [process.execPath, '--import', path.join(__dirname, '../support/crashWhenTold.mjs'), MAIN] as const;

const isFrames = (file: string): boolean => file.endsWith('.frames');

const startWithDefect = async (buckets: unknown, folder?: string): Promise<Daemon> => {
  const daemon = await launchDaemon({ buckets, command: WITH_DEFECT, ...(folder !== undefined && { folder }) });
  await daemon.waitForLog(({ msg }) => msg === 'listening');
  return daemon;
};

/** The books of the last moment. */
const lastLedger = ({ lines }: Ended): readonly LedgerRow[] => rowsIn(lines.find(({ level }) => level === 'FATAL'));

/** Writes until the daemon has taken some thousand messages into a file and into the waiting room of Kafka, then lets it crash. */
const crashUnderLoad = async (daemon: Daemon, bucket: string, signal: NodeJS.Signals, first = 0): Promise<Ended> => {
  const client = await openClient(daemon.socket);
  const writing = writeUntilClosed(client, bucket, first);
  await until(
    () => filesIn(path.join(daemon.folder, 'copy')).catch(() => []),
    (files) => files.length > 0,
  );
  kill(daemon.pid, signal);
  const ended = await daemon.ended;
  await writing;
  return ended;
};

describe('a crash', () => {
  it.each([
    ['something that throws', 'SIGUSR2', 'a defect made for a test'],
    ['a rejection', 'SIGWINCH', 'a rejection made for a test'],
  ] as const)('by %s under load: all that is not settled is in the spool, in whole frames', async (_, signal, why) => {
    const buckets = oneBucket('b', { kafka: kafkaAlone(await noBroker()), copy: fileStream() });
    const daemon = await startWithDefect(buckets);
    const ended = await crashUnderLoad(daemon, 'b', signal);

    expect(ended.code).toBe(70);
    expect(ended.lines.find(({ level }) => level === 'FATAL')).toMatchObject({
      msg: 'unexpected error',
      error: expect.stringContaining(`${why}\n    at `) as unknown,
    });
    const ledger = lastLedger(ended);
    const { received, held } = rowOf(ledger, 'b', 'kafka');
    expect([received, held]).toEqual([expect.any(Number), received]);
    expect(received).toBeGreaterThan(100);
    expect(ended.lines.at(-1)).toMatchObject({ msg: 'what was held is in the spool, for the next start', lost: 0 });

    const spool = path.join(daemon.folder, 'spool');
    const ofKafka = new Arrivals(received);
    await addFiles(ofKafka, path.join(spool, 'streams/kafka'), isFrames);
    if (existsSync(path.join(spool, 'accepted'))) await addFiles(ofKafka, path.join(spool, 'accepted'), isFrames);
    expect(ofKafka.faults()).toEqual(NO_FAULTS);

    const { delivered } = rowOf(ledger, 'b', 'copy');
    const ofCopy = new Arrivals(received);
    await addFiles(ofCopy, path.join(daemon.folder, 'copy'));
    expect(ofCopy.count()).toBeGreaterThanOrEqual(delivered);
    expect((await filesIn(spool)).filter((file) => file.endsWith('.part'))).toEqual([]);
  });

  it('brings what is held to the disk though nobody can read its log', async () => {
    const buckets = oneBucket('b', { kafka: kafkaAlone(await noBroker()), copy: fileStream() });
    const command = ['sh', '-c', 'exec "$0" "$@" >/dev/full', ...WITH_DEFECT] as const;
    const daemon = await launchDaemon({ buckets, command });
    await until(() => existsSync(daemon.socket), Boolean);
    const ended = await crashUnderLoad(daemon, 'b', 'SIGUSR2');
    expect(ended.code).toBe(70);
    const held = new Arrivals(1_000_000);
    await addFiles(held, path.join(daemon.folder, 'spool'), isFrames);
    expect(held.count()).toBeGreaterThan(100);
  });
});

describeKafka('a crash, and the next start', () => {
  it('twice in a row: nothing that was accepted is lost, and nothing repeated where it had settled', async () => {
    const topic = freshTopic('crash');
    await createTopic(brokers(), topic);
    const buckets = (address: string): unknown => oneBucket(topic, { kafka: kafkaAlone(address), copy: fileStream() });
    const nobody = await noBroker();
    const first = await startWithDefect(buckets(nobody));
    const once = lastLedger(await crashUnderLoad(first, topic, 'SIGUSR2'));
    const { received: before } = rowOf(once, topic, 'kafka');
    const second = await startWithDefect(buckets(nobody), first.folder);
    const ended = await crashUnderLoad(second, topic, 'SIGUSR2', before);
    expect(ended.code).toBe(70);
    const twice = lastLedger(ended);
    const total = before + rowOf(twice, topic, 'kafka').received;

    const third = await startDaemon({ buckets: buckets(brokers()), folder: first.folder });
    const arrived = async (): Promise<Arrivals> => {
      const arrivals = new Arrivals(total);
      await addTopic(arrivals, brokers(), topic);
      return arrivals;
    };
    await awaitMessages(brokers(), topic, total, { timeoutMs: 60_000 });
    while ((await arrived()).faults().missing > 0) await new Promise((resolve) => setTimeout(resolve, 500));
    const stopped = await third.stop();
    expect(stopped.code).toBe(0);
    const last = finalLedger(stopped);

    const inKafka = await arrived();
    expect(inKafka.faults()).toMatchObject({ missing: 0, damaged: 0 });
    const doubtful = (ofStream: string): number =>
      [once, twice, last].reduce((sum, rows) => sum + rowOf(rows, topic, ofStream).duplicatesPossible, 0);
    expect(inKafka.faults().twice).toBeLessThanOrEqual(doubtful('kafka'));

    const inCopy = new Arrivals(total);
    await addFiles(inCopy, path.join(first.folder, 'copy'));
    expect(inCopy.faults()).toMatchObject({ missing: 0, damaged: 0 });
    expect(inCopy.faults().twice).toBeLessThanOrEqual(doubtful('copy'));
    const left = await filesIn(path.join(first.folder, 'spool')).catch(() => []);
    expect(left.filter((file) => !file.endsWith('/owner'))).toEqual([]);
  }, 120_000);
});
