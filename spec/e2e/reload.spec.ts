import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { kill } from 'node:process';
import { openClient, send, type Client } from '../support/client';
import { endDaemons, launchDaemon, MAIN, startDaemon, type Daemon, type LogLine } from '../support/daemon';
import {
  addTopic,
  brokers,
  describeKafka,
  fileStream,
  finalLedger,
  freshTopic,
  noBroker,
  refused,
  rowOf,
} from '../support/endToEnd';
import { addFiles, Arrivals, NO_FAULTS, numberedFrame } from '../support/numbered';
import { createTopic } from '../support/topics';
import { until } from '../support/until';

const RELOADED = 'configuration reloaded';
const NOT_RELOADED = 'configuration not reloaded, what runs goes on';

const isResult = ({ msg }: LogLine): boolean => msg === RELOADED || msg === NOT_RELOADED;

/** Writes another `buckets.json`, says so to the daemon, and resolves with what it says. */
const reload = async (daemon: Daemon, buckets: unknown): Promise<LogLine> => {
  const before = daemon.lines.filter(isResult).length;
  await writeFile(
    path.join(daemon.folder, 'buckets.json'),
    typeof buckets === 'string' ? buckets : JSON.stringify(buckets),
  );
  kill(daemon.pid, 'SIGHUP');
  return daemon.waitForLog((line) => isResult(line) && daemon.lines.filter(isResult).indexOf(line) >= before);
};

const textIn = (file: string): Promise<string> => readFile(file, 'utf8').catch(() => '');

const kafka = (address: string, settings: object = {}): object => ({
  type: 'kafka',
  settings: { 'bootstrap.servers': address, 'queue.buffering.max.ms': 20, ...settings },
});

/** Writes numbered messages until it is told to stop; resolves with how many. */
const pour = (client: Client, bucket: string) => {
  const state = { pouring: true };
  const poured = (async () => {
    let n = 0;
    while (state.pouring) {
      const first = n;
      await client.write(Buffer.concat(Array.from({ length: 100 }, (_, i) => numberedFrame(bucket, first + i))));
      n += 100;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return n;
  })();
  return {
    stop: (): Promise<number> => {
      state.pouring = false;
      return poured;
    },
  };
};

describe('SIGHUP', () => {
  afterEach(endDaemons);

  it('takes a bucket that is new, and refuses one that is gone', async () => {
    const buckets = (id: string): unknown => ({
      streamsConfigs: { files: fileStream() },
      buckets: [{ id, streams: ['files'], batch: 10, batchTimeout: 50 }],
    });
    const daemon = await startDaemon({ buckets: buckets('old') });
    await send(daemon.socket, numberedFrame('old', 0), numberedFrame('young', 0));
    await daemon.waitForLog(({ msg }) => msg === 'no such bucket, messages dropped');
    expect(await reload(daemon, buckets('young'))).toMatchObject({ msg: RELOADED, kept: ['files'], replaced: [] });
    await send(daemon.socket, numberedFrame('young', 1));
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    const rows = finalLedger(ended);
    expect(rowOf(rows, 'old', 'files')).toMatchObject({ received: 1, delivered: 1 });
    expect(rowOf(rows, 'young', 'files')).toMatchObject({ received: 1, delivered: 1 });
    expect(refused(rows)).toEqual({ no_such_bucket: 1 });
  });

  it('changes nothing where the file is wrong, and says where', async () => {
    const buckets = {
      streamsConfigs: { files: fileStream() },
      buckets: [{ id: 'b', streams: ['files'], batch: 10, batchTimeout: 50 }],
    };
    const daemon = await startDaemon({ buckets });
    const client = await openClient(daemon.socket);
    await client.write(numberedFrame('b', 0));
    expect(await reload(daemon, '{ "buckets": [')).toMatchObject({
      msg: NOT_RELOADED,
      problems: [expect.stringContaining('buckets.json')],
    });
    expect(await reload(daemon, { ...buckets, buckets: [{ ...buckets.buckets[0], streams: ['fils'] }] })).toMatchObject(
      { msg: NOT_RELOADED, problems: [expect.stringContaining('buckets[0].streams')] },
    );
    await client.write(numberedFrame('b', 1));
    await client.end();
    const ended = await daemon.stop();
    expect(rowOf(finalLedger(ended), 'b', 'files')).toMatchObject({ received: 2, delivered: 2 });
  });

  it('stops a daemon that a terminal controls when that hangs up, as ever', async () => {
    const { ended, folder, pid } = await launchDaemon({
      buckets: { streamsConfigs: { files: fileStream() }, buckets: [{ id: 'b', streams: ['files'], batch: 10 }] },
      // A terminal of its own, which goes with `script`.
      command: ['script', '-qec', `exec ${process.execPath} ${MAIN} start > log`, '/dev/null'],
    });
    const log = path.join(folder, 'log');
    await until(
      () => textIn(log),
      (text) => text.includes('"msg":"listening"'),
    );
    kill(pid, 'SIGKILL');
    await ended;
    await until(
      () => textIn(log),
      (text) => text.includes('"msg":"stopped"'),
    );
    expect(await readFile(log, 'utf8')).toContain('"signal":"SIGHUP"');
  });
});

describeKafka('SIGHUP under load', () => {
  afterEach(endDaemons);

  it('replaces streams and buckets, keeps connections, and loses and doubles nothing', async () => {
    const topic = freshTopic('reload');
    await createTopic(brokers(), topic);
    const buckets = (settings: object, copy: object, batch: number): unknown => ({
      streamsConfigs: { kafka: kafka(brokers(), settings), copy: { type: 'file', settings: copy } },
      buckets: [{ id: topic, streams: ['kafka', 'copy'], batch, batchTimeout: 20 }],
    });
    const at = (folder: string, more: object = {}): object => ({ path: folder, fileNameTemplate: '{bucket}', ...more });
    const daemon = await startDaemon({ buckets: buckets({}, at('./copy'), 100) });
    const client = await openClient(daemon.socket);
    const load = pour(client, topic);
    const steps: readonly (readonly [unknown, object])[] = [
      [buckets({}, at('./copy'), 500), { kept: ['kafka', 'copy'] }],
      [buckets({ 'compression.codec': 'gzip' }, at('./copy'), 500), { kept: ['copy'], replaced: ['kafka'] }],
      // The same file: it is closed before it is opened again.
      [
        buckets({ 'compression.codec': 'gzip' }, at('./copy', { sizeRotate: '100KB' }), 500),
        { kept: ['kafka'], replaced: ['copy'] },
      ],
      [buckets({ acks: 1 }, at('./other'), 50), { kept: [], replaced: ['kafka', 'copy'] }],
    ];
    for (const [next, result] of steps) expect(await reload(daemon, next)).toMatchObject({ msg: RELOADED, ...result });
    const total = await load.stop();
    await client.end();
    const ended = await daemon.stop();

    expect(ended.code).toBe(0);
    const rows = finalLedger(ended);
    for (const stream of ['kafka', 'copy'])
      expect(rowOf(rows, topic, stream)).toMatchObject({ received: total, delivered: total, duplicatesPossible: 0 });
    const inKafka = new Arrivals(total);
    await addTopic(inKafka, brokers(), topic);
    expect(inKafka.faults()).toEqual(NO_FAULTS);
    const inFiles = new Arrivals(total);
    await addFiles(inFiles, path.join(daemon.folder, 'copy'));
    await addFiles(inFiles, path.join(daemon.folder, 'other'));
    expect(inFiles.faults()).toMatchObject({ missing: 0, twice: 0, damaged: 0 });
  }, 60_000);

  it('mends the address of brokers: what waited for the wrong ones goes to the right ones', async () => {
    const topic = freshTopic('reload-address');
    await createTopic(brokers(), topic);
    const buckets = (address: string): unknown => ({
      streamsConfigs: { kafka: { ...kafka(address), failover: { retryMs: 500 } } },
      buckets: [{ id: topic, streams: ['kafka'], batch: 10, batchTimeout: 20 }],
    });
    const daemon = await startDaemon({ buckets: buckets(await noBroker()), env: { DRAIN_TIMEOUT: '1s' } });
    // A client is closed when all of its messages are on their way.
    await send(daemon.socket, ...Array.from({ length: 50 }, (_, n) => numberedFrame(topic, n)));
    await daemon.waitForLog(({ msg }) => msg === 'broker not connected');
    expect(await reload(daemon, buckets(brokers()))).toMatchObject({ msg: RELOADED, replaced: ['kafka'] });
    await send(daemon.socket, numberedFrame(topic, 50));
    await daemon.waitForLog(({ msg }) => msg === 'replay: all messages are sent on');
    const ended = await daemon.stop();
    expect(ended.code).toBe(0);
    expect(rowOf(finalLedger(ended), topic, 'kafka')).toMatchObject({ delivered: 51, backedUp: 0, dropped: {} });
    const arrived = new Arrivals(51);
    await addTopic(arrived, brokers(), topic);
    expect(arrived.faults()).toMatchObject({ missing: 0, twice: 0, damaged: 0 });
  }, 60_000);
});
