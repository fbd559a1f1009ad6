import path from 'node:path';
import { kill } from 'node:process';
import type { LedgerRow } from '../../src/model';
import { childrenOf } from '../faults/daemon/support/children';
import { itTraces } from '../sinks/file/straced';
import { rowsIn } from '../support/books';
import { openClient } from '../support/client';
import { endDaemons, MAIN, startDaemon, type DaemonOptions, type Ended, type LogLine } from '../support/daemon';
import { onSmallDisk } from '../support/disks';
import {
  addTopic,
  brokers,
  describeKafka,
  fileStream,
  finalLedger,
  freshTopic,
  kafkaAlone,
  kafkaWithBackup,
  noBroker,
  oneBucket,
  rowOf,
} from '../support/endToEnd';
import { itMounts } from '../support/itMounts';
import { addFiles, Arrivals, filesIn, NO_FAULTS, numberedFrame, writeUntilClosed } from '../support/numbered';
import { awaitMessages, createTopic } from '../support/topics';
import { until } from '../support/until';

afterEach(endDaemons);

/** DRAIN_TIMEOUT of a second, what backups and sinks have after that, and a slow machine. */
const MOST_MS = 20_000;

describe('a stop', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGQUIT'] as const)(
    'on %s ends with exit code 0 and a ledger that adds up, with an idle client connected',
    async (signal) => {
      const daemon = await startDaemon({ buckets: oneBucket('b', { copy: fileStream() }) });
      const idle = await openClient(daemon.socket);
      const busy = await openClient(daemon.socket);
      await busy.write(Buffer.concat(Array.from({ length: 1000 }, (_, n) => numberedFrame('b', n))));
      const ended = await daemon.stop(signal);
      await Promise.all([idle.closed, busy.closed]);

      expect(ended.code).toBe(0);
      expect(rowOf(finalLedger(ended), 'b', 'copy')).toMatchObject({ received: 1000, delivered: 1000 });
      const arrivals = new Arrivals(1000);
      await addFiles(arrivals, path.join(daemon.folder, 'copy'));
      expect(arrivals.faults()).toEqual(NO_FAULTS);
    },
  );

  it('takes what clients have sent that are not accepted yet', async () => {
    const daemon = await startDaemon({ buckets: oneBucket('b', { copy: fileStream() }) });
    const clients = await Promise.all(Array.from({ length: 200 }, () => openClient(daemon.socket)));
    await Promise.all(clients.map(({ write }, n) => write(numberedFrame('b', n))));
    for (const { socket } of clients) socket.end();
    const ended = await daemon.stop();

    expect(ended.code).toBe(0);
    expect(rowOf(finalLedger(ended), 'b', 'copy').delivered).toBe(200);
  });

  it('frees the socket: the next daemon listens on it', async () => {
    const options = { buckets: oneBucket('b', { copy: fileStream() }) };
    const first = await startDaemon(options);
    expect((await first.stop()).code).toBe(0);
    const second = await startDaemon({ ...options, folder: first.folder });
    expect((await second.stop()).code).toBe(0);
  });

  it('under load without a broker loses nothing that it accepted: all of it is in the backup', async () => {
    const streams = { kafka: kafkaWithBackup(await noBroker()) };
    const daemon = await startDaemon({ buckets: oneBucket('b', streams), env: { DRAIN_TIMEOUT: '5s' } });
    const client = await openClient(daemon.socket);
    const writing = writeUntilClosed(client, 'b');
    await daemon.waitForLog(({ msg }) => msg.startsWith('stream open'));
    const ended = await daemon.stop();
    await writing;

    expect(ended.code).toBe(0);
    const { received, backedUp } = rowOf(finalLedger(ended), 'b', 'kafka');
    expect(backedUp).toBe(received);
    const arrivals = new Arrivals(received);
    await addFiles(arrivals, path.join(daemon.folder, 'backup'));
    expect(arrivals.faults()).toEqual(NO_FAULTS);
  }, 60_000);
});

const unsyncedFiles = { type: 'file', settings: { path: './copy', fsync: 'never' } };

const isFrames = (file: string): boolean => file.endsWith('.frames');
/** A file that holds messages, be it closed or not. */
const isRecords = (file: string): boolean => isFrames(file) || file.endsWith('.frames.part');

const isLoss = ({ msg }: LogLine): boolean => msg.startsWith('messages are lost');

/** The books of a stop, in which what the very end wrote, or could not write, is still held. */
const ledgerAtEnd = ({ lines }: Ended): readonly LedgerRow[] => rowsIn(lines.find(({ msg }) => msg === 'stopped'));

interface Told {
  readonly files: readonly { readonly path: string; readonly messages: number }[];
  readonly missing: readonly { readonly stream: string; readonly messages: Readonly<Record<string, number>> }[];
}

/** What the very end says of a stream's messages: those that are in the spool, and those that are nowhere. */
const toldOf = ({ lines }: Ended, stream: string): { readonly spooled: number; readonly lost: number } => {
  const told = lines.find((line) => 'spooled' in line) as (LogLine & Told) | undefined;
  const files = told?.files.filter(({ path: file }) => file.includes(`/streams/${stream}/`)) ?? [];
  const missing = told?.missing.filter((one) => one.stream === stream) ?? [];
  return {
    spooled: files.reduce((sum, { messages }) => sum + messages, 0),
    lost: missing.flatMap(({ messages }) => Object.values(messages)).reduce((sum, count) => sum + count, 0),
  };
};

/** Starts with `buckets`, under load, and resolves when something has come in. */
const startUnderLoad = async (options: DaemonOptions, bucket: string) => {
  const daemon = await startDaemon(options);
  const client = await openClient(daemon.socket);
  const writing = writeUntilClosed(client, bucket);
  await until(
    () => filesIn(path.join(daemon.folder, 'copy')).catch(() => []),
    (files) => files.length > 0,
  );
  return { daemon, writing };
};

describe('a stop without a broker and without a backup', () => {
  const options = async (env: DaemonOptions['env']): Promise<DaemonOptions> => ({
    buckets: oneBucket('b', { kafka: kafkaAlone(await noBroker()), copy: fileStream() }),
    env: { DRAIN_TIMEOUT: '1s', ...env },
  });

  it('leaves all of it in the spool, within its time, and ends with 0', async () => {
    const { daemon, writing } = await startUnderLoad(await options({}), 'b');
    const startMs = Date.now();
    const ended = await daemon.stop();
    expect(Date.now() - startMs).toBeLessThan(MOST_MS);
    await writing;

    expect(ended.code).toBe(0);
    // On a busy machine the spool has not taken all of it when the end writes the rest there.
    const { received, backedUp, held } = rowOf(ledgerAtEnd(ended), 'b', 'kafka');
    expect([backedUp + held, toldOf(ended, 'kafka')]).toEqual([received, { spooled: held, lost: 0 }]);
    const arrivals = new Arrivals(received);
    await addFiles(arrivals, path.join(daemon.folder, 'spool/streams/kafka'), isFrames);
    expect(arrivals.faults()).toMatchObject({ missing: 0, twice: 0, damaged: 0 });
    expect(await filesIn(path.join(daemon.folder, 'spool'))).not.toContainEqual(
      expect.stringMatching(/[.]part$|owner$/),
    );
  });

  itTraces(
    'on a disk that takes three seconds for each sync leaves all of it in the spool, too',
    async () => {
      const slow = ['strace', '-f', '-qq', '-o', '/dev/null', '-e', 'trace=fdatasync'] as const;
      const command = [...slow, '-e', 'inject=fdatasync:delay_enter=3000000', process.execPath, MAIN, 'start'] as const;
      const { daemon, writing } = await startUnderLoad(
        {
          ...(await options({})),
          buckets: oneBucket('b', { kafka: kafkaAlone(await noBroker()), copy: unsyncedFiles }),
          command,
        },
        'b',
      );
      const [pid = 0] = childrenOf(daemon.pid);
      const startMs = Date.now();
      kill(pid, 'SIGTERM');
      const ended = await daemon.ended;
      expect(Date.now() - startMs).toBeLessThan(MOST_MS);
      await writing;

      expect(ended.code).toBe(0);
      expect(ended.lines.filter(isLoss)).toEqual([]);
      const { received, backedUp, held } = rowOf(ledgerAtEnd(ended), 'b', 'kafka');
      expect([backedUp + held, toldOf(ended, 'kafka').spooled, held > 0]).toEqual([received, held, true]);
      const spool = path.join(daemon.folder, 'spool/streams/kafka');
      const arrivals = new Arrivals(received);
      await addFiles(arrivals, spool, isRecords);
      // What was on its way to the disk at the end may be there once more, in a file that says so to who sends it on.
      const doubtful = new Arrivals(received);
      const files = await filesIn(spool);
      await addFiles(doubtful, spool, (file) => isRecords(file) && files.includes(`${file}.progress`));
      const { missing, damaged, twice } = arrivals.faults();
      expect({ missing, damaged }).toEqual({ missing: 0, damaged: 0 });
      expect(twice).toBeLessThanOrEqual(doubtful.count());
    },
    60_000,
  );

  it('at a second signal is quick and loses nothing either: all of it is in the spool, and it ends with 1', async () => {
    const { daemon, writing } = await startUnderLoad(await options({ DRAIN_TIMEOUT: '1h' }), 'b');
    kill(daemon.pid, 'SIGTERM');
    await daemon.waitForLog(({ msg }) => msg === 'stopping');
    await writing;
    const ended = await daemon.stop('SIGINT');

    expect(ended.code).toBe(1);
    const fatal = ended.lines.find(({ msg }) => msg === 'ended at once');
    const { received, held } = rowOf(rowsIn(fatal), 'b', 'kafka');
    expect([held, received > 0]).toEqual([received, true]);
    expect(ended.lines.at(-1)).toMatchObject({ msg: 'what was held is in the spool, for the next start', lost: 0 });
    const arrivals = new Arrivals(received);
    const spool = path.join(daemon.folder, 'spool');
    await addFiles(arrivals, spool, (file) => isFrames(file) && !file.startsWith(path.join(spool, 'streams/copy')));
    expect(arrivals.faults()).toEqual(NO_FAULTS);
  });

  itMounts('with a full disk below the spool says what is lost, and ends with 70', () =>
    onSmallDisk(300_000, async (disk) => {
      const { daemon, writing } = await startUnderLoad(await options({ SPOOL: path.join(disk, 'spool') }), 'b');
      const startMs = Date.now();
      const ended = await daemon.stop();
      expect(Date.now() - startMs).toBeLessThan(MOST_MS);
      await writing;

      expect(ended.code).toBe(70);
      const { received, backedUp, dropped, held } = rowOf(ledgerAtEnd(ended), 'b', 'kafka');
      // Nobody but the very end says that something is lost.
      const [loss, ...others] = ended.lines.filter(isLoss);
      expect([loss?.msg, others]).toEqual(['messages are lost: the spool did not take them', []]);
      const { spooled, lost } = toldOf(ended, 'kafka');
      expect([backedUp + held, dropped, spooled + lost]).toEqual([received, {}, held]);
      const arrivals = new Arrivals(received);
      await addFiles(arrivals, path.join(disk, 'spool/streams/kafka'), isFrames).catch(() => undefined);
      expect([lost > 0, arrivals.count() + lost]).toEqual([true, received]);
      expect(arrivals.faults()).toMatchObject({ twice: 0, damaged: 0 });
    }),
  );
});

describeKafka('a stop with Kafka', () => {
  it('and the next start: what the first could not deliver arrives, and nothing is left', async () => {
    const topic = freshTopic('stop-spool');
    await createTopic(brokers(), topic);
    const buckets = (address: string): unknown => oneBucket(topic, { kafka: kafkaAlone(address), copy: fileStream() });
    const { daemon, writing } = await startUnderLoad(
      { buckets: buckets(await noBroker()), env: { DRAIN_TIMEOUT: '1s' } },
      topic,
    );
    const ended = await daemon.stop();
    await writing;
    expect(ended.code).toBe(0);
    const { received } = rowOf(finalLedger(ended), topic, 'kafka');

    const next = await startDaemon({ buckets: buckets(brokers()), folder: daemon.folder });
    await awaitMessages(brokers(), topic, received);
    await next.waitForLog(({ msg }) => msg === 'replay: all messages are sent on');
    const spool = path.join(daemon.folder, 'spool/streams');
    await until(
      () => filesIn(spool).catch(() => []),
      (files) => files.length === 0,
    );
    const rows = finalLedger(await next.stop());
    expect(rowOf(rows, topic, 'kafka')).toMatchObject({ received: 0, recovered: received, delivered: received });
    const arrivals = new Arrivals(received);
    expect(await addTopic(arrivals, brokers(), topic)).toBe(received);
    expect(arrivals.faults()).toEqual(NO_FAULTS);
    expect(await filesIn(path.join(daemon.folder, 'spool')).catch(() => [])).toEqual([]);
  }, 60_000);

  it('under load loses nothing that it accepted', async () => {
    const topic = freshTopic('stop');
    await createTopic(brokers(), topic);
    const daemon = await startDaemon({ buckets: oneBucket(topic, { kafka: kafkaWithBackup(brokers()) }) });
    const client = await openClient(daemon.socket);
    const writing = writeUntilClosed(client, topic);
    await awaitMessages(brokers(), topic, 20_000);
    const ended = await daemon.stop();
    await writing;

    expect(ended.code).toBe(0);
    const { received, delivered } = rowOf(finalLedger(ended), topic, 'kafka');
    expect(delivered).toBe(received);
    const arrivals = new Arrivals(received);
    expect(await addTopic(arrivals, brokers(), topic)).toBe(received);
    expect(arrivals.faults()).toEqual(NO_FAULTS);
  }, 60_000);
});
