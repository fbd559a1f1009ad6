/** The daemon inside a program of somebody else's, as it is built. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { LedgerRow } from '../../src/model';
import { openClient } from '../support/client';
import { endDaemons, launchDaemon, temporaryFolder, type Daemon, type LogLine } from '../support/daemon';
import { brokers, describeKafka, fileStream, freshTopic, kafkaWithBackup, oneBucket, ROOT } from '../support/endToEnd';
import { filesBelow } from '../support/filesBelow';
import { messagesIn } from '../support/fileSinks';
import { numberedFrame } from '../support/numbered';
import { awaitMessages, createTopic } from '../support/topics';

afterEach(endDaemons);

/** Tells what happens in lines as the daemon logs: what a program does with `createDaemon`, before `body`. */
const PROGRAM = `
const { createDaemon, DaemonFailure, defineSink, sinks } = require(${JSON.stringify(path.join(ROOT, 'dist'))});
const { NEVER } = require(${JSON.stringify(path.join(ROOT, 'node_modules/rxjs'))});
const say = (msg, fields) => console.log(JSON.stringify({ msg, ...fields }));
const environment = { SOCKET: 'kahets.sock' };
process.once('exit', (code) => say('exit', { code }));
`;

/** The ten lines of a program, which say more here. */
const RUNS = `
const daemon = createDaemon({ config: './buckets.json', environment });
process.once('SIGTERM', () => void daemon.stop());
void daemon.listening.then(() => say('it listens'));
daemon.run().then((ended) => say('ended', { ...ended, rows: daemon.rows() }));
`;

const launch = async (body: string, buckets: unknown, folder?: string): Promise<Daemon> => {
  const work = folder ?? (await temporaryFolder());
  await writeFile(path.join(work, 'program.cjs'), `${PROGRAM}${body}`);
  return launchDaemon({ buckets, folder: work, command: [process.execPath, path.join(work, 'program.cjs')] });
};

const send = async (socket: string, count: number): Promise<void> => {
  const client = await openClient(socket);
  await client.write(Buffer.concat(Array.from({ length: count }, (_, n) => numberedFrame('b', n))));
  await client.end();
};

const messagesBelow = async (folder: string): Promise<number> =>
  (await Promise.all((await filesBelow(folder, 'birthtimeNs')).map(messagesIn))).flat().length;

describe('createDaemon in a program', () => {
  it('delivers to files, drains at a stop, and lets the program end', async () => {
    const program = await launch(RUNS, oneBucket('b', { copy: fileStream() }));
    await program.waitForLog(({ msg }) => msg === 'it listens');
    await send(program.socket, 1000);
    const { code, lines } = await program.stop();

    expect(code).toBe(0);
    const { spooled, lost, rows }: Partial<LogLine> = lines.find(({ msg }) => msg === 'ended') ?? {};
    expect({ spooled, lost }).toEqual({ spooled: 0, lost: 0 });
    expect((rows as readonly LedgerRow[]).map(({ received, delivered }) => [received, delivered])).toEqual([
      [1000, 1000],
    ]);
    expect(await messagesBelow(path.join(program.folder, 'copy'))).toBe(1000);
  });

  it('runs beside another one in the same process', async () => {
    const body = `
      const daemons = ['one', 'two'].map((name) =>
        createDaemon({
          config: { streamsConfigs: { copy: { type: 'file', settings: { path: name } } }, buckets: [{ id: 'b', streams: ['copy'] }] },
          environment: { SOCKET: name + '.sock', SPOOL: name + '-spool' },
        }));
      process.once('SIGTERM', () => daemons.forEach((daemon) => void daemon.stop()));
      void Promise.all(daemons.map((daemon) => daemon.listening)).then(() => say('all listen'));
      void Promise.all(daemons.map((daemon) => daemon.run())).then((ended) => say('ended', { ended }));`;
    const program = await launch(body, {});
    await program.waitForLog(({ msg }) => msg === 'all listen');
    await send(path.join(program.folder, 'one.sock'), 3);
    await send(path.join(program.folder, 'two.sock'), 5);
    const { code } = await program.stop();
    const found = await Promise.all(['one', 'two'].map((name) => messagesBelow(path.join(program.folder, name))));
    expect([code, ...found]).toEqual([0, 3, 5]);
  });

  it('throws all that is wrong with its configuration', async () => {
    const body = `
      try {
        createDaemon({ config: './buckets.json', environment: { ...environment, MAXCPUS: 'many' } });
      } catch (error) {
        say('thrown', { isFailure: error instanceof DaemonFailure, reason: error.reason, places: error.problems.map(({ path }) => path) });
      }`;
    const { ended } = await launch(body, {
      streamsConfigs: { s: { type: 'kafak' } },
      buckets: [{ id: 'b', streams: ['s'] }],
    });
    const { code, lines } = await ended;
    expect([code, lines.find(({ msg }) => msg === 'thrown')]).toEqual([
      0,
      expect.objectContaining({
        ...{ isFailure: true, reason: 'configuration', places: ['MAXCPUS', 'streamsConfigs.s.type'] },
      }),
    ]);
  });

  it('loses nothing in a crash of the program, which spills', async () => {
    const body = `
      const stuck = defineSink({
        decode: () => ({ _tag: 'Right', right: undefined }),
        open: () => async () => ({ _tag: 'Right', right: {
          write: () => { setImmediate(() => { throw new Error('a defect'); }); return NEVER; },
          health$: NEVER,
          close: async () => undefined,
        } }),
      });
      const daemon = createDaemon({ config: './buckets.json', environment, sinks: { ...sinks, copy: stuck } });
      process.once('uncaughtException', (error) => { say('spilled', daemon.spill(error)); process.exit(1); });
      void daemon.listening.then(() => say('it listens'));
      void daemon.run();`;
    const stuckBuckets = oneBucket('b', { copy: { type: 'copy', settings: {} } });
    const crashed = await launch(body, stuckBuckets);
    await crashed.waitForLog(({ msg }) => msg === 'it listens');
    await send(crashed.socket, 7);
    const { code, lines } = await crashed.ended;
    expect([code, lines.find(({ msg }) => msg === 'spilled')]).toEqual([1, { msg: 'spilled', spooled: 7, lost: 0 }]);

    const next = await launch(RUNS, oneBucket('b', { copy: fileStream() }), crashed.folder);
    await next.waitForLog(({ msg }) => msg === 'it listens');
    await next.waitForLog(({ msg }) => msg === 'replay: all messages are sent on');
    await next.stop();
    expect(await messagesBelow(path.join(next.folder, 'copy'))).toBe(7);
  });
});

describeKafka('createDaemon in a program, to Kafka', () => {
  it('delivers all that it took before a stop', async () => {
    const topic = freshTopic('embedded');
    await createTopic(brokers(), topic);
    const program = await launch(RUNS, oneBucket(topic, { kafka: kafkaWithBackup(brokers()) }));
    await program.waitForLog(({ msg }) => msg === 'it listens');
    const client = await openClient(program.socket);
    await client.write(Buffer.concat(Array.from({ length: 500 }, (_, n) => numberedFrame(topic, n))));
    await client.end();
    expect((await program.stop()).code).toBe(0);
    expect(await awaitMessages(brokers(), topic, 500)).toBe(500);
  });
});
