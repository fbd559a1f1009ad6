import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import type { LedgerRow } from '../../src/model';
import { openClient } from '../support/client';
import { endDaemons, startDaemon, type Daemon, type Ended } from '../support/daemon';
import { openSmallDisk, type Disk } from '../support/disks';
import {
  addTopic,
  brokers,
  describeKafka,
  fileStream,
  finalLedger,
  freshTopic,
  kafkaAlone,
  noBroker,
  rowOf,
} from '../support/endToEnd';
import { describeMounts } from '../support/itMounts';
import { addFiles, Arrivals, NO_FAULTS, numberedFrame, numbersOf, writeUntilClosed } from '../support/numbered';
import { createTopic } from '../support/topics';

afterEach(endDaemons);

/** More than is sent in the time. */
const MOST = 1_000_000;

const journaled = (id: string, streamsConfigs: Readonly<Record<string, unknown>>): unknown => ({
  streamsConfigs,
  buckets: [{ id, streams: Object.keys(streamsConfigs), batch: 1000, batchTimeout: 100, durability: 'journal' }],
});

const acceptedIn = (folder: string): string => path.join(folder, 'spool', 'accepted');

/** The numbers of the whole frames in a folder's files. */
const numbersIn = async (folder: string): Promise<{ readonly files: number; readonly numbers: readonly number[] }> => {
  const files = await Promise.all((await readdir(folder)).map((name) => readFile(path.join(folder, name))));
  return { files: files.length, numbers: files.flatMap(numbersOf) };
};

/** Resolves when something lies in the journal. */
const whenWritten = async (folder: string): Promise<void> => {
  while ((await numbersIn(acceptedIn(folder)).catch(() => ({ numbers: [] }))).numbers.length === 0)
    await setTimeout(10);
};

const finalRow = (ended: Ended, bucket: string, stream: string): LedgerRow => rowOf(finalLedger(ended), bucket, stream);

const whenRecovered = async ({ lines, waitForLog }: Daemon, files: number): Promise<void> => {
  const settled = (): number => lines.filter(({ msg }) => msg === 'recovery: all of a file has settled').length;
  await waitForLog(() => settled() >= files, 60_000);
};

describeKafka('a journaled bucket whose daemon is killed', () => {
  // Any moment is a case of its own; to have one again, set its seed here.
  const seed = Date.now() % 1_000_000;
  const [toWaitMs] = [fc.sample(fc.integer({ min: 0, max: 1500 }), { seed, numRuns: 12 })];

  /** What lies in the journal of a daemon that is killed at any moment of the load. */
  const killedInLoad = async (topic: string, streams: Readonly<Record<string, unknown>>) => {
    // What is held bounds what is to be read and compared afterwards.
    const daemon = await startDaemon({ buckets: journaled(topic, streams), env: { MAXMEMORY: '160MB' } });
    const { folder } = daemon;
    const writing = writeUntilClosed(await openClient(daemon.socket), topic);
    await whenWritten(folder);
    await setTimeout(toWaitMs.shift());
    await daemon.stop('SIGKILL');
    await writing;
    return { folder, ...(await numbersIn(acceptedIn(folder))) };
  };

  it.each([
    ['with the broker up', () => Promise.resolve(brokers()), {}],
    ['with no broker and no backup', noBroker, {}],
    ['with two streams', () => Promise.resolve(brokers()), { copy: fileStream() }],
    ['with two streams, one of them down', noBroker, { copy: fileStream() }],
  ] as const)(
    `%s has delivered all that lay in the journal after the next start (seed ${seed})`,
    async (_, address, others) => {
      const topic = freshTopic('journal');
      await createTopic(brokers(), topic);
      const streams = { kafka: kafkaAlone(await address()), ...others };
      const { folder, files, numbers } = await killedInLoad(topic, streams);
      expect(numbers.length).toBeGreaterThan(0);

      const buckets = journaled(topic, { kafka: kafkaAlone(brokers()), ...others });
      const second = await startDaemon({ folder, buckets });
      await whenRecovered(second, files);
      const ended = await second.stop();

      expect(ended.code).toBe(0);
      const row = finalRow(ended, topic, 'kafka');
      expect(row).toMatchObject({ recovered: numbers.length, received: 0, delivered: numbers.length, dropped: {} });
      expect(row.duplicatesPossible).toBeGreaterThanOrEqual(numbers.length);
      await expect(readdir(acceptedIn(folder))).rejects.toMatchObject({ code: 'ENOENT' });

      const inKafka = new Arrivals(MOST);
      await addTopic(inKafka, brokers(), topic);
      expect(inKafka.faults().damaged).toBe(0);
      expect(inKafka.copies()).toBeLessThanOrEqual(row.duplicatesPossible);
      expect(numbers.filter((n) => !inKafka.has(n))).toEqual([]);
      if ('copy' in others) {
        const inFiles = new Arrivals(MOST);
        await addFiles(inFiles, path.join(folder, 'copy'));
        expect(inFiles.faults().damaged).toBe(0);
        expect(numbers.filter((n) => !inFiles.has(n))).toEqual([]);
      }
    },
    120_000,
  );

  it('is killed again while it recovers, and loses nothing', async () => {
    const topic = freshTopic('journal');
    await createTopic(brokers(), topic);
    const { folder, files, numbers } = await killedInLoad(topic, { kafka: kafkaAlone(await noBroker()) });

    const buckets = journaled(topic, { kafka: kafkaAlone(brokers()) });
    const second = await startDaemon({ folder, buckets });
    await setTimeout(toWaitMs.shift());
    await second.stop('SIGKILL');
    const left = await numbersIn(acceptedIn(folder)).catch(() => ({ files: 0, numbers: [] }));
    expect(left.files).toBeLessThanOrEqual(files);

    const third = await startDaemon({ folder, buckets });
    await whenRecovered(third, left.files);
    const ended = await third.stop();
    expect(ended.code).toBe(0);
    expect(finalRow(ended, topic, 'kafka').recovered).toBe(left.numbers.length);
    const arrivals = new Arrivals(MOST);
    await addTopic(arrivals, brokers(), topic);
    expect(arrivals.faults().damaged).toBe(0);
    expect(numbers.filter((n) => !arrivals.has(n))).toEqual([]);
  }, 120_000);
});

describe('a journaled bucket', () => {
  it('leaves nothing on disk after a stop', async () => {
    const daemon = await startDaemon({ buckets: journaled('b', { copy: fileStream() }) });
    const client = await openClient(daemon.socket);
    await client.write(Buffer.concat(Array.from({ length: 5000 }, (_, n) => numberedFrame('b', n))));
    await client.end();
    const ended = await daemon.stop();

    expect(ended.code).toBe(0);
    expect(finalRow(ended, 'b', 'copy')).toMatchObject({ received: 5000, recovered: 0, delivered: 5000 });
    const arrivals = new Arrivals(5000);
    await addFiles(arrivals, path.join(daemon.folder, 'copy'));
    expect(arrivals.faults()).toEqual(NO_FAULTS);
    await expect(readdir(path.join(daemon.folder, 'spool'))).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('keeps what it recovers for a bucket that is not configured any more', async () => {
    const toNobody = { kafka: kafkaAlone(await noBroker()) };
    const first = await startDaemon({ buckets: journaled('gone', toNobody) });
    const client = await openClient(first.socket);
    await client.write(numberedFrame('gone', 0));
    await whenWritten(first.folder);
    await first.stop('SIGKILL');

    const { folder } = first;
    const second = await startDaemon({ folder, buckets: journaled('other', { copy: fileStream() }) });
    await second.waitForLog(({ msg, bucket }) => msg.startsWith('recovery: messages') && bucket === 'gone');
    expect((await second.stop()).code).toBe(0);
    expect((await numbersIn(acceptedIn(folder))).numbers).toEqual([0]);

    const third = await startDaemon({ folder, buckets: journaled('gone', { copy: fileStream() }) });
    await whenRecovered(third, 1);
    expect(finalRow(await third.stop(), 'gone', 'copy')).toMatchObject({ recovered: 1, delivered: 1 });
  });
});

describeMounts('a journaled bucket whose disk is full', () => {
  const DISK_BYTES = 64 * 1024 * 1024;
  const MESSAGES = 6000;
  let disk: Disk;
  beforeEach(async () => (disk = await openSmallDisk(DISK_BYTES)));
  afterEach(async () => {
    await endDaemons();
    await disk.remove();
  });

  it('has its clients wait, loses nothing, and goes on when there is room', async () => {
    const filler = path.join(disk.path, 'filler');
    await writeFile(filler, Buffer.alloc(DISK_BYTES)).catch(() => undefined);
    const daemon = await startDaemon({
      buckets: journaled('b', { copy: fileStream() }),
      env: { SPOOL: disk.path, MAXMEMORY: '160MB' },
    });
    const client = await openClient(daemon.socket);
    // More than memory may hold.
    let written = 0;
    const writing = (async () => {
      for (; written < MESSAGES; written += 1) await client.write(numberedFrame('b', written, { bytes: 10_000 }));
    })();
    await daemon.waitForLog(({ msg }) => msg.startsWith('journal: cannot write'));
    let before = -1;
    while (before < written) {
      before = written;
      await setTimeout(1000);
    }
    expect(written).toBeLessThan(MESSAGES);

    await rm(filler);
    await writing;
    await client.end();
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    expect(finalRow(ended, 'b', 'copy')).toMatchObject({ received: MESSAGES, delivered: MESSAGES });
    const arrivals = new Arrivals(MESSAGES);
    await addFiles(arrivals, path.join(daemon.folder, 'copy'));
    expect(arrivals.faults()).toEqual(NO_FAULTS);
    expect(await readdir(disk.path)).toEqual([]);
  }, 60_000);
});
