import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { endDaemons, launchDaemon, startDaemon, temporaryFolder, type DaemonOptions } from '../support/daemon';
import { fileStream, oneBucket } from '../support/endToEnd';

afterEach(endDaemons);

/** What a daemon says that does not start, and its exit code. */
const refusal = async (options: DaemonOptions): Promise<{ readonly code: number | null; readonly output: string }> => {
  const daemon = await launchDaemon(options);
  const { code, output, lines } = await daemon.ended;
  expect(lines).not.toContainEqual(expect.objectContaining({ msg: 'listening' }));
  if (code === 78) expect(existsSync(path.join(daemon.folder, 'copy'))).toBe(false);
  return { code, output };
};

const stream = fileStream();
const good = oneBucket('b', { copy: stream });
const bucket = { id: 'b', streams: ['copy'], batch: 100, batchTimeout: 100 };
const kafka = (settings: object): unknown => oneBucket('b', { kafka: { type: 'kafka', settings } });
const servers = { 'bootstrap.servers': '127.0.0.1:9' };

describe('buckets.json with', () => {
  it.each<readonly [string, unknown, RegExp]>([
    ['broken JSON', '{ "streamsConfigs": ', /buckets\.json/],
    ['a list at its top', [], /buckets\.json: expected/],
    ['no stream', { streamsConfigs: {}, buckets: [bucket] }, /streamsConfigs: expected/],
    ['a stream of no type', oneBucket('b', { copy: { settings: {} } }), /streamsConfigs\.copy\.type/],
    [
      'a type that is none',
      oneBucket('b', { copy: { type: 'pigeon' } }),
      /streamsConfigs\.copy\.type: expected .*"pigeon"/,
    ],
    [
      'a type named like a property of objects',
      oneBucket('b', { copy: { type: 'constructor' } }),
      /streamsConfigs\.copy\.type/,
    ],
    ['a slice above 1', oneBucket('b', { copy: { ...Object(stream), slice: 2 } }), /streamsConfigs\.copy\.slice/],
    [
      'a slice that is no number',
      oneBucket('b', { copy: { ...Object(stream), slice: 'all' } }),
      /streamsConfigs\.copy\.slice/,
    ],
    [
      'a size that is none',
      oneBucket('b', { copy: { type: 'file', settings: { path: '.', sizeRotate: '10 potatoes' } } }),
      /sizeRotate/,
    ],
    [
      'a bucket without an id',
      { streamsConfigs: { copy: stream }, buckets: [{ streams: ['copy'] }] },
      /buckets\[0\]\.id/,
    ],
    ['two buckets of one id', { streamsConfigs: { copy: stream }, buckets: [bucket, bucket] }, /buckets\[1\]\.id/],
    [
      'a bucket of undefined streams',
      { streamsConfigs: { copy: stream }, buckets: [{ ...bucket, streams: ['nowhere'] }] },
      /buckets\[0\]\.streams/,
    ],
    [
      'a batch of none',
      { streamsConfigs: { copy: stream }, buckets: [{ ...bucket, batch: 'many' }] },
      /buckets\[0\]\.batch/,
    ],
    [
      'a batchTimeout below 0',
      { streamsConfigs: { copy: stream }, buckets: [{ ...bucket, batchTimeout: -1 }] },
      /buckets\[0\]\.batchTimeout/,
    ],
    [
      'a name that librdkafka does not know',
      kafka({ ...servers, 'compresion.codec': 'snappy' }),
      /compresion\.codec.*/,
    ],
    [
      'a compression that is none',
      kafka({ ...servers, 'compression.codec': 'zip' }),
      /compression\.codec: expected .*"zip"/,
    ],
    ['no brokers', kafka({}), /bootstrap\.servers/],
    ['acks that are none', kafka({ ...servers, acks: 'some' }), /acks/],
    ['a setting that is refused', kafka({ ...servers, 'transactional.id': 'x' }), /transactional\.id/],
    [
      'two streams that write the same files',
      oneBucket('b', { copy: stream, again: stream }),
      /streamsConfigs\.(copy|again)/,
    ],
  ])('%s is told by its place, with exit code 78', async (_, buckets, told) => {
    const { code, output } = await refusal({ buckets });
    expect(output).toMatch(told);
    expect(code).toBe(78);
  });

  it('many problems tells all of them at once', async () => {
    const { code, output } = await refusal({
      buckets: {
        streamsConfigs: {
          one: { type: 'pigeon' },
          two: { type: 'file', slice: 7, settings: { path: './copy' } },
          three: { type: 'kafka', settings: { ...servers, acks: 'some', 'no.such.key': 1 } },
        },
        buckets: [{ id: 'b', streams: ['one', 'two', 'three'], batch: 'many' }],
      },
    });
    expect(code).toBe(78);
    for (const place of ['one.type', 'two.slice', 'acks', 'no.such.key', 'buckets[0].batch'])
      expect(output).toContain(place);
  });

  it('a password does not tell it', async () => {
    const secret = {
      ...servers,
      'sasl.username': 'me',
      'sasl.password': 'hunter2',
      acks: 'some',
      'ssl.key.password': { no: 'hunter3' },
    };
    const { output } = await refusal({ buckets: kafka(secret) });
    expect(output).toContain('acks');
    expect(output).not.toMatch(/hunter/);
  });

  it('nothing, since it is not there, is told', async () => {
    const { code, output } = await refusal({});
    expect(code).toBe(78);
    expect(output).toContain('buckets.json');
  });
});

describe('an environment with', () => {
  it.each<readonly [string, Readonly<Record<string, string>>]>([
    ['MAXMEMORY', { MAXMEMORY: 'lots' }],
    ['MAXCPUS', { MAXCPUS: '0' }],
    ['LOG_LEVEL', { LOG_LEVEL: 'LOUD' }],
    ['MAX_FRAME', { MAX_FRAME: '-1' }],
    ['FRAME_TIMEOUT', { FRAME_TIMEOUT: 'soon' }],
    ['SOCKET_MODE', { SOCKET_MODE: 'rw' }],
    ['DRAIN_TIMEOUT', { DRAIN_TIMEOUT: 'never' }],
  ])('a wrong %s is told by its name, with exit code 78', async (name, env) => {
    const { code, output } = await refusal({ env, buckets: good });
    expect(output).toContain(`${name}: expected`);
    expect(code).toBe(78);
  });
});

describe('a socket path', () => {
  it('longer than 107 bytes is told', async () => {
    const { code, output } = await refusal({ env: { SOCKET: `/tmp/${'s'.repeat(103)}` }, buckets: good });
    expect(output).toMatch(/SOCKET.*107 bytes/);
    expect(code).toBe(78);
  });

  it('that is a directory is told', async () => {
    const folder = await temporaryFolder();
    await mkdir(path.join(folder, 'taken'));
    const { code, output } = await refusal({ folder, env: { SOCKET: path.join(folder, 'taken') }, buckets: good });
    expect(output).toMatch(/SOCKET .*taken: found a directory/);
    expect(code).toBe(73);
  });

  it('that is a file is told, and the file is left', async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'precious');
    await writeFile(file, 'data');
    const { code, output } = await refusal({ folder, env: { SOCKET: file }, buckets: good });
    expect(output).toMatch(/SOCKET .*precious: found a file that is no socket/);
    expect(code).toBe(73);
    expect(existsSync(file)).toBe(true);
  });

  it('that cannot be written is told', async () => {
    const folder = await temporaryFolder();
    const { code, output } = await refusal({ folder, env: { SOCKET: '/proc/kahets.sock' }, buckets: good });
    expect(output).toMatch(/SOCKET \/proc\/kahets\.sock: found .*, expected/);
    expect(code).toBe(73);
  });

  it('in a folder that is not there is told', async () => {
    const { code, output } = await refusal({ env: { SOCKET: '/tmp/no-such-folder-here/kahets.sock' }, buckets: good });
    expect(output).toContain('expected a folder /tmp/no-such-folder-here that is there');
    expect(code).toBe(73);
  });

  it('on which a daemon listens is told, and that daemon goes on', async () => {
    const first = await startDaemon({ buckets: good });
    const { code, output } = await refusal({ env: { SOCKET: first.socket }, buckets: good });
    expect(output).toMatch(/SOCKET .*found a daemon that listens there/);
    expect(code).toBe(73);
    expect((await first.stop()).code).toBe(0);
  });

  it('that a killed daemon left is taken over', async () => {
    const first = await startDaemon({ buckets: good });
    await first.stop('SIGKILL');
    const second = await startDaemon({ folder: first.folder, buckets: good });
    expect((await second.stop()).code).toBe(0);
  });
});
