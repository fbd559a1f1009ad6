import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFile, open, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { encodeFrame } from '../../src/wire/frame';
import { makeCertificates, type Certificates } from '../support/certificates';
import { endDaemons, MAIN, startDaemon, temporaryFolder } from '../support/daemon';
import { brokers, describeKafka, fileStream, freshTopic, oneBucket, ownBroker } from '../support/endToEnd';
import type { Broker } from '../support/kafka';
import { startSecureBroker, USER, type SecureBroker } from '../support/secureBroker';
import { createTopic, topicNames, withAdmin } from '../support/topics';

jest.setTimeout(120_000);

afterEach(endDaemons);

interface Ran {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs a program in a folder. */
const startProgram = (folder: string, program: string, args: readonly string[]) => {
  const { PATH = '', HOME = '' } = process.env;
  const child = spawn(program, args, { cwd: folder, env: { PATH, HOME } });
  let [out, err] = ['', ''];
  child.stdout.on('data', (text: Buffer) => (out += text.toString()));
  child.stderr.on('data', (text: Buffer) => (err += text.toString()));
  const ended = once(child, 'close').then(([code]): Ran => ({ code: code as number | null, out, err }));
  /** Resolves when standard output says `text`. */
  const says = async (text: string): Promise<void> => {
    while (!out.includes(text))
      if (child.stdout.readableEnded) throw new Error(`it ended without ${text}: ${err}`);
      else await Promise.race([once(child.stdout, 'data'), once(child.stdout, 'end')]);
  };
  return { child, ended, says };
};

/** The built program. */
const start = (folder: string, args: readonly string[]) => startProgram(folder, process.execPath, [MAIN, ...args]);

const kahets = (folder: string, args: readonly string[], input = ''): Promise<Ran> => {
  const { child, ended } = start(folder, args);
  child.stdin.end(input);
  return ended;
};

const parsed = ({ out }: Ran): readonly unknown[] =>
  out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as unknown);

describe('the commands of the built program', () => {
  it('take a new user from nothing to messages in files', async () => {
    const folder = await temporaryFolder();
    const made = await kahets(folder, ['init', '.', '--topic', 'orders']);
    expect(made).toMatchObject({ code: 0, err: '' });
    const checked = await kahets(folder, ['check']);
    expect(checked).toMatchObject({ code: 0, err: '', out: expect.stringContaining('\nbucket orders\n') as unknown });

    const daemon = await startDaemon({
      folder,
      env: { SPOOL: './data/spool' },
      buckets: await readFile(path.join(folder, 'buckets.json'), 'utf8'),
    });
    const one = await kahets(folder, ['send', 'orders', '{"id":1}', '--key', 'k', '--header', 'a=b']);
    expect(one).toEqual({ code: 0, out: `1 message (35 bytes) sent to orders at ${daemon.socket}\n`, err: '' });
    const piped = await kahets(folder, ['send', 'orders'], 'two\nthree\n');
    expect(piped).toMatchObject({ code: 0, out: expect.stringMatching(/^2 messages /) as unknown });
    await daemon.stop();

    const shown = await kahets(folder, ['cat', 'data/copy']);
    expect(shown).toMatchObject({ code: 0, err: '' });
    expect(parsed(shown)).toEqual([
      expect.objectContaining({
        bucket: 'orders',
        key: 'k',
        headers: [{ name: 'a', value: 'b' }],
        message: '{"id":1}',
      }),
      expect.objectContaining({ message: 'two' }),
      expect.objectContaining({ message: 'three' }),
    ]);
    const gone = await kahets(folder, ['send', 'orders', 'm']);
    expect(gone).toMatchObject({ code: 69, err: expect.stringContaining('start the daemon') as unknown });
  });

  it('send many messages to the daemon, each once', async () => {
    const daemon = await startDaemon({ buckets: oneBucket('b', { copy: fileStream() }) });
    const lines = Array.from({ length: 50_000 }, (_, n) => `message ${n}`).join('\n');
    expect((await kahets(daemon.folder, ['send', 'b'], lines)).code).toBe(0);
    await daemon.stop();
    const shown = await kahets(daemon.folder, ['cat', 'copy', '--raw']);
    expect(shown.out).toBe(`${lines}\n`);
  });

  it('end a send by Ctrl-C, and say how much was sent', async () => {
    const daemon = await startDaemon({ buckets: oneBucket('b', { copy: fileStream() }) });
    const { child, ended } = start(daemon.folder, ['send', 'b', 'm', '--count', '1000000', '--rate', '20', '--json']);
    const following = start(daemon.folder, ['cat', '--raw', '--follow', 'copy']);
    await following.says('m\n');
    child.kill('SIGINT');
    const sent = await ended;
    expect(sent).toMatchObject({ code: 69, err: 'kahets: interrupted\n' });
    const [report] = parsed(sent) as readonly { readonly messages: number }[];
    await daemon.stop();
    following.child.kill('SIGINT');
    expect((await following.ended).code).toBe(0);
    const shown = await kahets(daemon.folder, ['cat', '--raw', 'copy']);
    expect(shown.out).toBe('m\n'.repeat(report?.messages ?? 0));
  });

  it('show a file as it grows', async () => {
    const folder = await temporaryFolder();
    const file = path.join(folder, 'a');
    await writeFile(file, encodeFrame('b', 'one'));
    const { child, ended, says } = start(folder, ['cat', 'a', '--follow']);
    await says('"one"');
    await appendFile(file, encodeFrame('b', 'two'));
    await says('"two"');
    child.kill('SIGINT');
    expect(await ended).toMatchObject({ code: 0, err: '' });
  });

  it('show a large file in little memory, and stop in silence where the reader stops', async () => {
    const folder = await temporaryFolder();
    const handle = await open(path.join(folder, 'large'), 'w');
    const block = Buffer.concat(Array.from({ length: 1000 }, (_, n) => encodeFrame('b', `${n}`.padEnd(1000, 'x'))));
    for (let written = 0; written < 200; written += 1) await handle.write(block);
    await handle.close();
    const script = `set -o pipefail; ${process.execPath} ${MAIN} cat large --raw | head -n 3 | cut -c 1`;
    expect(await startProgram(folder, 'bash', ['-c', script]).ended).toEqual({ code: 0, out: '0\n1\n2\n', err: '' });
    const { child, ended } = start(folder, ['cat', 'large', '--raw']);
    let bytes = 0;
    let peakKb = 0;
    child.stdout.removeAllListeners('data');
    child.stdout.on('data', (chunk: Buffer) => (bytes += chunk.length));
    const status = path.join('/proc', String(child.pid), 'status');
    while (child.exitCode === null) {
      const [, kb = '0'] = /VmHWM:\s+(\d+)/.exec(await readFile(status, 'utf8').catch(() => '')) ?? [];
      peakKb = Math.max(peakKb, Number(kb));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect((await ended).code).toBe(0);
    expect(bytes).toBe(200 * 1000 * 1001);
    expect(peakKb).toBeGreaterThan(0);
    expect(peakKb).toBeLessThan(200_000);
  });

  it('say what is wrong with a configuration, and end with 78', async () => {
    const folder = await temporaryFolder();
    await writeFile(path.join(folder, 'buckets.json'), '{ "buckets": [] }');
    const { code, err } = await kahets(folder, ['check']);
    expect(code).toBe(78);
    expect(err).toMatch(
      /^\.\/buckets\.json: streamsConfigs: expected an object with at least one stream, got nothing\n/,
    );
  });

  it('say nothing where nobody reads all of it', async () => {
    const folder = await temporaryFolder();
    const command = `set -o pipefail; '${process.execPath}' '${MAIN}' schema | head -c 1`;
    expect(await startProgram(folder, 'bash', ['-c', command]).ended).toMatchObject({ code: 0, out: '{', err: '' });
  });

  it('complete themselves under bash', async () => {
    const folder = await temporaryFolder();
    const { out } = await kahets(folder, ['completion', 'bash']);
    const script = `${out}\nCOMP_WORDS=(kahets st); COMP_CWORD=1; _kahets; echo "\${COMPREPLY[@]}"`;
    expect(await startProgram(folder, 'bash', ['--norc', '-c', script]).ended).toMatchObject({
      out: 'start status\n',
      err: '',
    });
  });
});

/** A configuration with one stream to Kafka. */
const check = async (settings: object, bucket: string, ...args: readonly string[]): Promise<Ran> => {
  const folder = await temporaryFolder();
  await writeFile(
    path.join(folder, 'buckets.json'),
    JSON.stringify(oneBucket(bucket, { kafka_01: { type: 'kafka', settings } })),
  );
  return kahets(folder, ['check', '--connect', ...args]);
};

describeKafka('kahets check --connect', () => {
  it('finds broker and topic', async () => {
    const topic = freshTopic('check');
    await createTopic(brokers(), topic, 3);
    const { code, out } = await check({ 'bootstrap.servers': brokers() }, topic);
    expect(code).toBe(0);
    expect(out).toContain(`ok      kafka_01: broker ${brokers()}\nok      kafka_01: topic ${topic}: 3 partitions\n`);
  });

  it('makes no topic, and says whether that is left to the first message', async () => {
    const topic = freshTopic('missing');
    const made = await check({ 'bootstrap.servers': brokers() }, topic);
    expect(made).toMatchObject({ code: 0, out: expect.stringContaining('the first message makes it') as unknown });
    const needed = await check({ 'bootstrap.servers': brokers(), 'allow.auto.create.topics': false }, topic);
    expect(needed.code).toBe(69);
    expect(needed.out).toContain(
      `failed  kafka_01: topic ${topic}: is not there: make it, or set allow.auto.create.topics`,
    );
    expect(await topicNames(brokers())).not.toContain(topic);
  });

  it('tells one broker that is away from one that is there', async () => {
    const topic = freshTopic('check');
    await createTopic(brokers(), topic, 1);
    const { code, out } = await check({ 'bootstrap.servers': `127.0.0.1:1,${brokers()}` }, topic, '--json');
    expect(code).toBe(69);
    expect(JSON.parse(out)).toMatchObject({
      connected: [
        { place: 'broker 127.0.0.1:1', problem: expect.stringContaining('nothing listens there') as unknown },
        { place: `broker ${brokers()}` },
        { place: `topic ${topic}`, note: '1 partition' },
      ],
    });
  });
});

describeKafka('kahets check --connect with ACLs', () => {
  let broker: Broker;
  ownBroker((own) => (broker = own), {
    settings: `
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
`,
  });

  it('finds a topic that may be seen and not be written to', async () => {
    const [open_, closed] = [freshTopic('open'), freshTopic('closed')];
    await createTopic(broker.address, open_, 1);
    await createTopic(broker.address, closed, 1);
    const acl = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: closed,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      ...{ principal: 'User:*', host: '*', permissionType: AclPermissionTypes.ALLOW },
    };
    await withAdmin(broker.address, (admin) =>
      admin.createAcls({ acl: [{ ...acl, operation: AclOperationTypes.DESCRIBE }] }),
    );
    const settings = { 'bootstrap.servers': broker.address };
    expect(await check(settings, open_)).toMatchObject({ code: 0 });
    const denied = await check(settings, closed);
    expect(denied.code).toBe(69);
    expect(denied.out).toContain(
      `failed  kafka_01: topic ${closed}: may not be written to: give this user the operation Write`,
    );
  });
});

describeKafka('kahets check --connect with TLS and SASL', () => {
  let certificates: Certificates;
  let broker: SecureBroker;
  beforeAll(async () => {
    certificates = await makeCertificates();
    broker = await startSecureBroker(certificates);
  }, 90_000);
  afterAll(async () => {
    await broker.remove();
    await certificates.remove();
  });

  const login = (password: string): object => ({
    'bootstrap.servers': broker.address('SASL_TLS'),
    ...{ 'security.protocol': 'sasl_ssl', 'ssl.ca.location': certificates.ca },
    ...{ 'sasl.mechanisms': 'SCRAM-SHA-256', 'sasl.username': USER.username, 'sasl.password': password },
  });

  it('logs in', async () => {
    const { code, out } = await check(login(USER.password), freshTopic('secure'));
    expect({ code, out }).toMatchObject({
      code: 0,
      out: expect.stringContaining('ok      kafka_01: broker') as unknown,
    });
  });

  it('says that the password is wrong, and not what it is', async () => {
    const password = 'not the secret that it takes';
    const { code, out, err } = await check(login(password), 'b');
    expect(code).toBe(69);
    expect(out).toMatch(/failed {2}kafka_01: broker \S+: .*sasl\.password/);
    expect(out + err).not.toContain(password);
  });

  it('says that a certificate is not trusted, and that the broker wants a login', async () => {
    const untrusted = { 'bootstrap.servers': broker.address('TLS'), 'security.protocol': 'ssl' };
    expect(await check(untrusted, 'b')).toMatchObject({
      code: 69,
      out: expect.stringContaining('ssl.ca.location') as unknown,
    });
    const nameless = { 'bootstrap.servers': broker.address('SASL') };
    expect(await check(nameless, 'b')).toMatchObject({
      code: 69,
      out: expect.stringContaining('failed  kafka_01: broker') as unknown,
    });
  });
});
