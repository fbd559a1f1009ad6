import { mkdir, readdir, readFile, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { encodeFrame } from '../../src/wire/frame';
import { encodeRecord } from '../../src/wire/record';
import { batchOfRun } from '../../src/testing/builders';
import { endDaemons, launchDaemon, MAIN, temporaryFolder, type Daemon, type Ended } from '../support/daemon';
import { addTopic, brokers, describeKafka, freshTopic, noBroker, oneBucket } from '../support/endToEnd';
import { openFile, written } from '../support/fileSinks';
import { messagesOfTopic } from '../support/kcat';
import { Arrivals, NO_FAULTS, numberedFrame } from '../support/numbered';
import { awaitMessages, createTopic } from '../support/topics';

jest.setTimeout(120_000);

afterEach(endDaemons);

/** Starts `kahets replay` on the folder `in` of `folder`, to a stream with a backup that must stay untouched. */
const launch = (folder: string, topic: string, args: readonly string[] = [], address = brokers()): Promise<Daemon> =>
  launchDaemon({
    folder,
    buckets: oneBucket(topic, {
      kafka_01: {
        type: 'kafka',
        settings: { 'bootstrap.servers': address },
        backup: { type: 'file', settings: { path: './backup' }, replay: true },
        failover: { afterMs: 3000 },
      },
      other: { type: 'file', settings: { path: './other' } },
    }),
    command: [process.execPath, MAIN, 'replay', 'in', '--to', 'kafka_01', ...args],
  });

const run = async (...args: Parameters<typeof launch>): Promise<Ended> => (await launch(...args)).ended;

const input = async (): Promise<{ readonly folder: string; readonly files: string }> => {
  const folder = await temporaryFolder();
  const files = path.join(folder, 'in');
  await mkdir(files);
  return { folder, files };
};

/** The JSON object at the end of the output. */
const report = ({ output }: Ended): { readonly files: readonly { readonly duplicatesPossible: number }[] } =>
  JSON.parse(output.split('\n').find((line) => line.startsWith('{"stream"')) ?? '') as ReturnType<typeof report>;

describeKafka('kahets replay', () => {
  it('sends what the file sink and the original daemon wrote: keys, bytes and times of arrival, oldest file first', async () => {
    const { folder, files } = await input();
    const topic = freshTopic('replay');
    await createTopic(brokers(), topic, 1);
    const sink = await openFile({ path: files, fileNameTemplate: '{bucket}{PS}ours' });
    const ours = [
      encodeRecord(topic, 'record', { key: 'k', timestampMs: 1_700_000_000_123 }),
      encodeRecord(topic, null, { key: 'tombstone', timestampMs: 1_700_000_000_124 }),
    ];
    await written(sink, batchOfRun(topic, ours));
    await sink.close();
    const old = path.join(files, 'web1-1600000000.bckstm');
    await writeFile(old, Buffer.concat([encodeFrame(topic, 'v1 \u0000', 'key'), encodeFrame(topic, 'no key')]));
    await utimes(old, 1_600_000_000, 1_600_000_000);

    const ended = await run(folder, topic);
    expect(ended).toMatchObject({ code: 0, output: expect.stringContaining('4 messages sent to kafka_01') as unknown });
    const found = await messagesOfTopic(brokers(), topic);
    expect(found.map(({ key, value, timestampMs }) => [String(key), value && String(value), timestampMs])).toEqual([
      ['key', 'v1 \u0000', 1_600_000_000_000],
      ['', 'no key', 1_600_000_000_000],
      ['k', 'record', 1_700_000_000_123],
      ['tombstone', null, 1_700_000_000_124],
    ]);
    expect(await readdir(files, { recursive: true })).toEqual([topic]);
    // The folder of the dead letters, too.
    expect(await readdir(path.join(folder, 'backup'))).toEqual([]);
    expect(await readdir(folder)).not.toContain('other');
  });

  it('changes nothing with --dry-run', async () => {
    const { folder, files } = await input();
    const topic = freshTopic('dry');
    const bytes = Buffer.concat([encodeFrame(topic, 'one'), Buffer.from('rest')]);
    await writeFile(path.join(files, 'a'), bytes);
    const ended = await run(folder, topic, ['--dry-run'], await noBroker());
    expect(ended.code).toBe(65);
    expect(ended.output).toContain(`  ${topic}: 1 message, `);
    expect(await readdir(files)).toEqual(['a']);
    expect(await readFile(path.join(files, 'a'))).toEqual(bytes);
  });

  const TOTAL = 40_000;

  /** Ends the command in the middle of a file, and runs it again to the end. */
  const endedBy = async (signal: 'SIGINT' | 'SIGKILL'): Promise<{ first: Ended; second: Ended; twice: number }> => {
    const { folder, files } = await input();
    const topic = freshTopic('interrupted');
    await createTopic(brokers(), topic);
    const frames = Array.from({ length: TOTAL }, (_, n) => numberedFrame(topic, n));
    await writeFile(path.join(files, 'a'), Buffer.concat(frames));
    // Long pauses, so that it is not over before the signal.
    const daemon = await launch(folder, topic, ['--rate', '0.01']);
    await awaitMessages(brokers(), topic, 1);
    const first = await daemon.stop(signal);
    expect(await awaitMessages(brokers(), topic, 1)).toBeLessThan(TOTAL);
    const second = await run(folder, topic, ['--json']);
    const arrivals = new Arrivals(TOTAL);
    const count = await addTopic(arrivals, brokers(), topic);
    const { twice, missing, damaged, outOfOrder } = arrivals.faults();
    expect({ missing, damaged }).toEqual({ missing: 0, damaged: 0 });
    if (twice === 0) expect(outOfOrder).toBe(0);
    expect(count).toBe(TOTAL + twice);
    expect(second.code).toBe(0);
    expect(await readdir(files)).toEqual([]);
    return { first, second, twice };
  };

  it('stops behind what is under way at SIGINT, and goes on from there: nothing lost, nothing twice', async () => {
    const { first, twice } = await endedBy('SIGINT');
    expect(first.code).toBe(69);
    expect(first.output).toContain('1 file left: the same command goes on from there');
    expect(twice).toBe(0);
  });

  it('repeats after SIGKILL only what was under way, and says how much that may be', async () => {
    const { first, second, twice } = await endedBy('SIGKILL');
    expect(first.signal).toBe('SIGKILL');
    const [file] = report(second).files;
    expect(file?.duplicatesPossible).toBeGreaterThanOrEqual(twice);
    // A window is at most 1,000,000 bytes.
    expect(file?.duplicatesPossible).toBeLessThan(5000);
  });

  it('sends what is in front of the damage, moves the rest aside and ends with 65', async () => {
    const { folder, files } = await input();
    const topic = freshTopic('damaged');
    const frames = Array.from({ length: 5000 }, (_, n) => numberedFrame(topic, n));
    const good = Buffer.concat(frames.slice(0, 3000));
    const bad = Buffer.concat([Buffer.alloc(100), ...frames.slice(3000)]);
    await writeFile(path.join(files, 'a'), Buffer.concat([good, bad]));
    const ended = await run(folder, topic);
    expect(ended.code).toBe(65);
    expect(ended.output).toContain(`from byte ${good.length} on no message`);
    const arrivals = new Arrivals(3000);
    await addTopic(arrivals, brokers(), topic);
    expect(arrivals.faults()).toEqual(NO_FAULTS);
    expect(await readdir(files)).toEqual(['a.bad']);
    expect(await readFile(path.join(files, 'a.bad'))).toEqual(bad);
  });
});

describe('kahets replay without a broker', () => {
  it('ends with 69, says why, and leaves the files', async () => {
    const { folder, files } = await input();
    await writeFile(path.join(files, 'a'), encodeFrame('b', 'one'));
    const ended = await run(folder, 'b', [], await noBroker());
    expect(ended.code).toBe(69);
    expect(ended.output).toContain('nothing listens there (ECONNREFUSED)');
    expect(await readFile(path.join(files, 'a'))).toEqual(encodeFrame('b', 'one'));
  });

  it.each([
    [['--to', 'kafka_1'], 64, 'expected one of kafka_01, other, got "kafka_1" (did you mean kafka_01?)'],
    [['--rate', '7'], 64, "argument '7' is invalid"],
    [['none'], 66, 'ENOENT'],
  ])('says what is wrong with %j and ends with %d', async (args, code, said) => {
    const { folder } = await input();
    const ended = await run(folder, 'b', args, await noBroker());
    expect(ended).toMatchObject({ code, output: expect.stringContaining(said) as unknown });
  });
});
