import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import * as E from 'fp-ts/Either';
import { configure } from '../../../src/control/configure';
import type { CheckedSink, Finding } from '../../../src/model';
import { sinks } from '../../../src/sinks';
import { noBroker, ROOT } from '../../support/endToEnd';
import { inFolder } from '../../support/fileSinks';
import { run, type Given, type Ran } from './harness';

/** Runs `kahets check` on what `buckets` says. */
const check = async (
  folder: string,
  buckets: unknown,
  args: readonly string[] = [],
  given: Given = {},
): Promise<Ran> => {
  const file = join(folder, 'buckets.json');
  await writeFile(file, typeof buckets === 'string' ? buckets : JSON.stringify(buckets));
  return run(['check', file, ...args], given);
};

const filesIn = (path: string): object => ({ type: 'file', settings: { path, fileNameTemplate: '{bucket}' } });

const oneStream = (stream: object, bucket: object = {}): object => ({
  streamsConfigs: { s: stream },
  buckets: [{ id: 'b', streams: ['s'], ...bucket }],
});

describe('kahets check', () => {
  it('says which modules messages pass, and where', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'mask.js'), 'module.exports = (message) => message;');
      await writeFile(join(folder, 'route.js'), 'module.exports = { open: () => (message) => message };');
      const operators = ['./mask.js', { module: './route.js', settings: { to: 'x' } }];
      const buckets = oneStream({ ...filesIn(folder), operators: ['./mask.js'] }, { operators });
      const { code, out, err } = await check(folder, buckets);
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain('  On the way into each stream each message passes ./mask.js, then ./route.js.\n');
      expect(out).toContain('  On the way into it each message passes ./mask.js.\n');
      const json = await check(folder, buckets, ['--json']);
      expect(JSON.parse(json.out)).toMatchObject({
        buckets: [{ operators: ['./mask.js', './route.js'] }],
        streams: [{ operators: ['./mask.js'] }],
      });
    }));

  it('tells of every operator that is wrong, at its place', () =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'mask.js'), 'module.exports = (message) => message;');
      const operator = { module: './mask.js', settings: { a: 1 }, setings: {} };
      const { code, err } = await check(
        folder,
        oneStream({ ...filesIn(folder), operators: ['x'] }, { operators: [operator] }),
      );
      expect(code).toBe(78);
      expect(err).toContain(
        'buckets[0].operators[0].settings: expected none, since the module is a function alone, got some',
      );
      expect(err).toContain('streamsConfigs.s.operators[0]: expected a path that starts with ./, ../ or /');
    }));

  it('says in plain words what becomes of the messages of each bucket', () =>
    inFolder(async (folder) => {
      const { code, out, err } = await check(folder, {
        streamsConfigs: {
          kafka: {
            type: 'kafka',
            settings: { 'bootstrap.servers': 'k1:9092,k2:9093', 'linger.ms': 200, 'batch.num.messages': 500 },
            backup: { ...filesIn(join(folder, 'backup')), replay: 'ordered' },
            failover: { afterMs: 3000, retryMs: 1500 },
          },
          given: { type: 'kafka', slice: 0.125, settings: { 'bootstrap.servers': 'k3', 'message.timeout.ms': 60000 } },
          nothing: { type: 'blackhole', slice: 0 },
        },
        buckets: [
          { id: 'requests', streams: ['kafka', 'given'], batchTimeout: 1000 },
          { id: 'traces', streams: ['nothing'], batch: 1, batchTimeout: 50, whenFull: 'drop', durability: 'journal' },
        ],
      });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out.replaceAll(folder, 'FOLDER').split('\n')).toEqual([
        'FOLDER/buckets.json is right: 2 buckets, 3 streams',
        '',
        'bucket requests',
        '  Every message goes to 2 streams: kafka, given (12.5 % of them, drawn at random).',
        '  A batch closes at 500 messages, at 1,000,000 bytes, or 5 ms after its first message.',
        '  While memory is full its clients wait; nothing is dropped.',
        '  What is accepted is in memory until it is delivered: a kill -9 or a power cut loses it.',
        '',
        'bucket traces',
        '  Every message goes to the stream nothing (none: slice is 0).',
        '  A batch closes at 1 message, at 1,000,000 bytes, or 50 ms after its first message.',
        '  While memory is full its messages are dropped and counted; its clients never wait.',
        '  What is accepted is on disk at once, in the journal, until it is delivered.',
        '',
        'Messages of any other bucket are refused and counted: there is no defaultBucket.',
        '',
        'stream kafka: Kafka at k1:9092, k2:9093',
        '  When nothing is acknowledged for 3 s (out of reach: 2 s), messages go to the backup: files FOLDER/backup/*.',
        '  It is sent on before what is live when the stream works again, so that each bucket keeps its order. The stream is tried again every 1.5 s.',
        '  What it never takes goes to dead letters: files FOLDER/backup/*.dead.',
        '',
        'stream given: Kafka at k3:9092',
        '  Without a backup its messages wait in memory while it fails.',
        '  A message is given up after 60 s (message.timeout.ms).',
        '  What it never takes (too large, say) is dropped and counted: there is no deadLetter.',
        '',
        'stream nothing: a sink of the type blackhole',
        '  Without a backup its messages wait in memory while it fails.',
        '  What it never takes (too large, say) is dropped and counted: there is no deadLetter.',
        '',
        'The process takes at most 250MB of memory (MAXMEMORY).',
        '',
      ]);
    }));

  it('speaks of the default bucket, and of a backup that is sent on beside what is live', async () => {
    const { code, out } = await run(['check', join(ROOT, 'buckets.json')]);
    expect(code).toBe(0);
    expect(out).toContain('\nany other bucket, under the name that its messages carry\n');
    expect(out).toContain(
      'It is sent on beside what is live when the stream works again, for at most 25 % of the time.',
    );
  });

  it('shows the same to a machine', () =>
    inFolder(async (folder) => {
      const { code, out } = await check(folder, oneStream({ ...filesIn(folder), backup: filesIn('/b') }), ['--json']);
      expect(code).toBe(0);
      expect(JSON.parse(out)).toEqual({
        ...{ file: join(folder, 'buckets.json'), exitCode: 0, problems: [], warnings: [] },
        buckets: [
          {
            ...{ id: 'b', streams: ['s'], whenFull: 'block', durability: 'memory' },
            batch: { count: 10_000, bytes: 1_000_000, ms: 1000 },
          },
        ],
        streams: [
          {
            ...{ id: 's', type: 'file', where: `files ${join(folder, '*')}`, slice: 1, emptyKey: 'empty' },
            backup: {
              ...{ type: 'file', where: 'files /b/*', replay: false, replayRate: 0.25 },
              ...{ afterMs: 10_000, retryMs: 10_000 },
            },
            deadLetter: { type: 'file', where: 'files /b/*.dead' },
          },
        ],
      });
    }));

  it('tells all errors at once, each with place, what was expected and what was found, and ends with 78', () =>
    inFolder(async (folder) => {
      const wrong = {
        streamsConfigs: { s: { type: 'file', slice: 2, settings: { path: '' } }, k: { type: 'kafak' } },
        buckets: [{ id: 'b', streams: ['t'] }],
      };
      const { code, out, err } = await check(folder, wrong, [], {
        environment: { environment: 'spec', MAXCPUS: 'two' },
      });
      expect({ code, out }).toEqual({ code: 78, out: '' });
      const file = join(folder, 'buckets.json');
      expect(err.trimEnd().split('\n')).toEqual([
        'environment: MAXCPUS: expected a whole number from 1 to 1024, got "two"',
        `${file}: streamsConfigs.s.slice: expected a number from 0 to 1, got 2`,
        `${file}: buckets[0].streams: expected at least one stream of streamsConfigs (s, k), got "t"`,
        `${file}: streamsConfigs.k.type: expected one of kafka, file, blackhole, got "kafak"`,
      ]);
      const json = await check(folder, wrong, ['--json']);
      expect(json.code).toBe(78);
      expect(JSON.parse(json.out)).toEqual({
        ...{ file, exitCode: 78 },
        problems: [
          {
            ...{ file, line: 1, column: 39, path: 'streamsConfigs.s.slice' },
            ...{ expected: 'a number from 0 to 1', got: '2' },
          },
          {
            ...{ file, line: 1, column: 116, path: 'buckets[0].streams' },
            ...{ expected: 'at least one stream of streamsConfigs (s, k)', got: '"t"' },
          },
          {
            ...{ file, line: 1, column: 78, path: 'streamsConfigs.k.type' },
            ...{ expected: 'one of kafka, file, blackhole', got: '"kafak"' },
          },
        ],
      });
    }));

  it('tells warnings as such', () =>
    inFolder(async (folder) => {
      const { code, err } = await check(folder, { ...oneStream(filesIn('/x')), more: 1 });
      expect(code).toBe(0);
      expect(err).toMatch(/^warning: .*buckets.json: more: expected one of .*, got a key without effect\n$/);
      const json = await check(folder, { ...oneStream(filesIn('/x')), more: 1 }, ['--json']);
      expect(JSON.parse(json.out)).toMatchObject({
        warnings: [{ path: 'more', got: 'a key without effect', line: 1 }],
      });
    }));

  it('ends with 66 where there is no such file', () =>
    inFolder(async (folder) => {
      const file = join(folder, 'none.json');
      const { code, out, err } = await run(['check', '--json'], { environment: { BUCKETS_FILE: file } });
      expect(code).toBe(66);
      expect(err).toMatch(`kahets: ${file}: expected a file that can be read, got ENOENT`);
      expect(JSON.parse(out)).toMatchObject({
        exitCode: 66,
        problems: [
          { file, path: '', expected: 'a file that can be read', got: expect.stringContaining('ENOENT') as unknown },
        ],
      });
    }));

  it('shows no secret', () =>
    inFolder(async (folder) => {
      const settings = {
        'bootstrap.servers': '${BROKER}',
        'sasl.mechanisms': 'PLAIN',
        'security.protocol': 'sasl_ssl',
      };
      const stream = {
        ...{ type: 'kafka', slice: '${SLICE}' },
        settings: { ...settings, 'sasl.username': 'me', 'sasl.password': '${WORD}' },
      };
      const environment = { BROKER: 'host-of-secrets', WORD: 'secret-word', SLICE: '0.125' };
      const { code, out, err } = await check(folder, oneStream(stream), [], { environment });
      expect({ code, err }).toEqual({ code: 0, err: '' });
      expect(out).toContain('stream s: Kafka at ***');
      expect(out).not.toMatch(/secret/);
      const json = await check(folder, oneStream(stream), ['--json'], { environment });
      expect(JSON.parse(json.out)).toMatchObject({ streams: [{ slice: 0.125, where: 'Kafka at ***:9092' }] });
    }));
});

describe('kahets check --connect', () => {
  it('looks at folders, and makes and leaves nothing there', () =>
    inFolder(async (folder) => {
      await mkdir(join(folder, 'there'));
      const config = oneStream({ ...filesIn(join(folder, 'there')), backup: filesIn(join(folder, 'new/deep')) });
      const { code, out } = await check(folder, config, ['--connect']);
      expect(code).toBe(0);
      expect(out).toContain(`\nok      s: folder ${join(folder, 'there')}\n`);
      expect(out).toContain(`ok      s.backup: folder ${join(folder, 'new/deep')}: is not there yet`);
      expect(await readdir(folder, { recursive: true })).toEqual(['buckets.json', 'there']);
    }));

  it('ends with 69 and says what is wrong, of every place', () =>
    inFolder(async (folder) => {
      const address = await noBroker();
      const config = oneStream({
        ...{ type: 'kafka', settings: { 'bootstrap.servers': address } },
        backup: filesIn(join(folder, 'buckets.json')),
      });
      const { code, out } = await check(folder, config, ['--connect', '--timeout', '5s']);
      expect(code).toBe(69);
      expect(out).toContain(`failed  s: broker ${address}: nothing listens there (ECONNREFUSED); start the broker`);
      expect(out).toContain(`failed  s.backup: folder ${join(folder, 'buckets.json')}: expected a folder`);
      const json = await check(folder, config, ['--connect', '--json']);
      expect(JSON.parse(json.out)).toMatchObject({
        exitCode: 69,
        connected: [
          { stream: 's', part: 'primary', place: `broker ${address}` },
          { part: 'backup' },
          { part: 'deadLetter' },
        ],
      });
    }));

  /** A configuration whose files are looked at by `probe`. */
  const probedBy = (probe: CheckedSink['probe']): Given => ({
    configured: () =>
      configure({
        environment: {},
        envFile: {},
        kinds: {
          own: (settings, path) =>
            E.map((sink: CheckedSink) => ({ ...sink, probe }))(sinks['blackhole']?.(settings, path) ?? E.left([])),
        },
        read: () => E.right(JSON.stringify(oneStream({ type: 'own' }))),
      }),
  });

  it('waits for no sink for ever', () =>
    inFolder(async (folder) => {
      const hangs = probedBy(() => new Promise<readonly Finding[]>(() => undefined));
      const { code, out } = await check(folder, {}, ['--connect', '--timeout', '1'], hangs);
      expect(code).toBe(69);
      expect(out).toContain('failed  s: all of it: no answer within 1 ms');
    }));

  it('asks a sink for the buckets that feed it, and says where it has no way to look', () =>
    inFolder(async (folder) => {
      const seen: unknown[] = [];
      const given = probedBy((env, options) => {
        seen.push([env.name, options]);
        return Promise.resolve([]);
      });
      expect((await check(folder, {}, ['--connect'], given)).code).toBe(0);
      expect(seen).toEqual([['s', { buckets: ['b'], timeoutMs: 10_000 }]]);
      const none = await check(folder, oneStream({ type: 'blackhole' }), ['--connect']);
      expect(none).toMatchObject({ code: 0, out: expect.stringContaining('only a message can tell') as unknown });
    }));
});
