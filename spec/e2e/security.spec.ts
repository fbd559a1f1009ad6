import { copyFile, readFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { NEVER } from 'rxjs';
import type { Health, Receipt, Sink } from '../../src/model';
import { batchOf, memoryLog } from '../../src/testing/builders';
import { KEY_PASSWORD, makeCertificates, type Certificates, type Identity } from '../support/certificates';
import { describeKafka, freshTopic } from '../support/endToEnd';
import { messagesOfTopic } from '../support/kcat';
import { openKafka } from '../support/openKafka';
import { SHORT_SESSION_MS, startSecureBroker, USER, type Listener, type SecureBroker } from '../support/secureBroker';
import { createTopic } from '../support/topics';
import { CLIENT, signedToken, startTokenEndpoint, tokenAnswer, type TokenEndpoint } from '../support/tokenEndpoint';

let certificates: Certificates;
let broker: SecureBroker;
let endpoint: TokenEndpoint;
const WRONG_PASSWORD = 'not the secret that it takes';

/** All that any sink here has logged, told of its health, or failed with. */
const told: unknown[] = [];

type Settings = Readonly<Record<string, string>>;

const ca = (): Settings => ({ 'ssl.ca.location': certificates.ca });
const tls = (more: Settings = {}): Settings => ({ 'security.protocol': 'ssl', ...ca(), ...more });
const pair = ({ certificate, key }: Pick<Identity, 'certificate' | 'key'>): Settings => ({
  'ssl.certificate.location': certificate,
  'ssl.key.location': key,
});
const user = (mechanism: string, password: string = USER.password): Settings => ({
  'sasl.mechanisms': mechanism,
  'sasl.username': USER.username,
  'sasl.password': password,
});
const oauth = (more: Settings = {}): Settings => ({
  'sasl.mechanisms': 'OAUTHBEARER',
  'sasl.oauthbearer.method': 'oidc',
  'sasl.oauthbearer.token.endpoint.url': endpoint.url,
  'sasl.oauthbearer.client.id': CLIENT.clientId,
  'sasl.oauthbearer.client.secret': CLIENT.clientSecret,
  'sasl.oauthbearer.scope': 'write',
  'sasl.oauthbearer.extensions': 'supportCorrelationId=abc',
  ...more,
});
const MECHANISMS: readonly (readonly [string, () => Settings])[] = [
  ['PLAIN', () => user('PLAIN')],
  ['SCRAM-SHA-256', () => user('SCRAM-SHA-256')],
  ['SCRAM-SHA-512', () => user('SCRAM-SHA-512')],
  ['OAUTHBEARER', () => oauth()],
];

/** Opened and not closed yet. */
const sinks = new Set<Sink>();

const open = async (listener: Listener, settings: Settings, address = broker.address(listener)) => {
  const log = memoryLog();
  const all = { 'reconnect.backoff.max.ms': 200, log_level: 7, ...settings };
  const sink = await openKafka(address, all, { log });
  sinks.add(sink);
  sink.health$.subscribe((health) => told.push(health));
  told.push(log.lines);
  return { sink, log };
};

const close = async (sink: Sink): Promise<void> => {
  sinks.delete(sink);
  await sink.close();
};

const write = (sink: Sink, topic: string, messages: readonly string[]): Promise<readonly Receipt[]> =>
  new Promise((resolve, reject) => {
    const receipts: Receipt[] = [];
    const batch = batchOf(topic, messages);
    // Kafka throws away what is older than its retention.
    const frames = batch.frames.map((run) => ({ ...run, arrivedMs: Date.now() }));
    sink.write({ ...batch, frames }, NEVER).subscribe({
      next: (receipt) => receipts.push(receipt),
      error: reject,
      complete: () => resolve(receipts),
    });
  });

/** The first state that is `wanted`. */
const untilHealth = (sink: Sink, wanted: (health: Health) => boolean): Promise<Health> =>
  new Promise((resolve) => {
    sink.health$.subscribe((health) => {
      if (wanted(health)) resolve(health);
    });
  });

const TOPIC = freshTopic('secure');
/** What has a receipt; all of it is read back at the end. */
const delivered: string[] = [];

const messages = (of: string, count = 20): readonly string[] => Array.from({ length: count }, (_, n) => `${of} ${n}`);

const expectDelivery = async (listener: Listener, settings: Settings, address?: string): Promise<void> => {
  const { sink } = await open(listener, settings, address);
  const sent = messages(expect.getState().currentTestName ?? '');
  expect(await write(sink, TOPIC, sent)).toMatchObject([{ how: 'delivered', maybeTwice: false }]);
  delivered.push(...sent);
  await close(sink);
};

/** What the sink says of why it is down, at its first attempt. */
const expectRefusal = async (listener: Listener, settings: Settings, cause: RegExp): Promise<void> => {
  const { sink } = await open(listener, settings);
  const health = await untilHealth(sink, (one) => one.state === 'down' && one.cause !== 'not connected yet');
  expect(health).toEqual({ state: 'down', cause: expect.stringMatching(cause) as unknown });
  await close(sink);
};

const countOf = (kinds: readonly string[]): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>();
  for (const kind of kinds) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
};

describeKafka('security', () => {
  jest.setTimeout(30_000);

  beforeAll(async () => {
    [certificates, endpoint] = await Promise.all([makeCertificates(), startTokenEndpoint()]);
    broker = await startSecureBroker(certificates);
    await createTopic(broker.address('PLAINTEXT'), TOPIC, 1);
  }, 120_000);
  afterEach(async () => {
    await Promise.all([...sinks].map(close));
  });
  afterAll(async () => {
    await Promise.all([broker.remove(), endpoint.close()]);
    await certificates.remove();
  });

  describe('delivers', () => {
    it('over TLS, by a CA in a file', () => expectDelivery('TLS', tls()));

    it('over TLS, by a CA in the settings', async () => {
      const pem = await readFile(certificates.ca, 'utf8');
      await expectDelivery('TLS', { 'security.protocol': 'ssl', 'ssl.ca.pem': pem });
    });

    it('over TLS, by a name', async () => {
      const address = broker.address('TLS').replace('127.0.0.1', 'localhost');
      await expectDelivery('TLS', tls(), address);
    });

    it('with a client certificate that the broker asks for', () =>
      expectDelivery('MUTUAL', tls(pair(certificates.client))));

    it('with a client certificate and an encrypted key', () => {
      const { certificate, encryptedKey } = certificates.client;
      const key = { ...pair({ certificate, key: encryptedKey }), 'ssl.key.password': KEY_PASSWORD };
      return expectDelivery('MUTUAL', tls(key));
    });

    it('with a client certificate in PKCS#12', () => {
      const { keystore } = certificates.client;
      const settings = { 'ssl.keystore.location': keystore, 'ssl.keystore.password': KEY_PASSWORD };
      return expectDelivery('MUTUAL', tls(settings));
    });

    it('to a broker of another name, where the name is not checked', () =>
      expectDelivery('WRONG_NAME', tls({ 'ssl.endpoint.identification.algorithm': 'none' })));

    it('to a broker whose certificate has expired, where it is not checked', () =>
      expectDelivery('EXPIRED', { 'security.protocol': 'ssl', 'enable.ssl.certificate.verification': 'false' }));

    it.each(MECHANISMS)('by SASL %s in the clear', (_, settings) =>
      expectDelivery('SASL', { 'security.protocol': 'sasl_plaintext', ...settings() }),
    );

    it.each(MECHANISMS)('by SASL %s over TLS', (_, settings) =>
      expectDelivery('SASL_TLS', { 'security.protocol': 'sasl_ssl', ...ca(), ...settings() }),
    );
  });

  describe('says why not', () => {
    it('to a broker of another name', () =>
      expectRefusal('WRONG_NAME', tls(), /certificate is for .*ssl\.endpoint\.identification\.algorithm/));

    it('without the client certificate that the broker asks for', () =>
      expectRefusal('MUTUAL', tls(), /client certificate.*ssl\.certificate\.location/));

    it.each(['PLAIN', 'SCRAM-SHA-256'])('with a wrong password by %s', (mechanism) =>
      expectRefusal(
        'SASL',
        { 'security.protocol': 'sasl_plaintext', ...user(mechanism, WRONG_PASSWORD) },
        /refused the user or password.*sasl\.password/,
      ),
    );

    it('with a wrong client secret, which the endpoint repeats', () =>
      expectRefusal(
        'SASL',
        { 'security.protocol': 'sasl_plaintext', ...oauth({ 'sasl.oauthbearer.client.secret': WRONG_PASSWORD }) },
        /token endpoint .* answers 401 \(invalid_client.*sasl\.oauthbearer\.client\.secret/,
      ));

    it('with a token for somebody else, and takes the next one', async () => {
      endpoint.answer = () => tokenAnswer(3600, signedToken(3600, 'somebody else'));
      const { sink } = await open('SASL', { 'security.protocol': 'sasl_plaintext', ...oauth() });
      const refused = await untilHealth(sink, (one) => one.state === 'down' && one.cause !== 'not connected yet');
      expect(refused).toMatchObject({ cause: expect.stringMatching(/refused the token/) as unknown });
      endpoint.answer = () => tokenAnswer(3600);
      await untilHealth(sink, ({ state }) => state === 'up');
      await close(sink);
    });
  });

  it('takes a renewed certificate at the next connection', async () => {
    const { client, stranger, folder } = certificates;
    const own = { certificate: path.join(folder, 'own.pem'), key: path.join(folder, 'own.key') };
    const put = async (identity: Identity): Promise<void> => {
      await Promise.all([copyFile(identity.certificate, own.certificate), copyFile(identity.key, own.key)]);
    };
    await put(stranger);
    const { sink, log } = await open('MUTUAL', tls(pair(own)));
    const written = write(sink, TOPIC, messages('renewed'));
    const refused = await untilHealth(sink, (one) => one.state === 'down' && one.cause !== 'not connected yet');
    expect(refused).toMatchObject({
      cause: expect.stringMatching(/does not accept our client certificate/) as unknown,
    });
    await put(client);
    await written;
    delivered.push(...messages('renewed'));
    await close(sink);
    expect(log.lines.map(({ message }) => message)).toContain('certificates read again');
  });

  it('authenticates anew before the session ends, with and without traffic', async () => {
    const outlive = async ([mechanism, settings]: (typeof MECHANISMS)[number]): Promise<void> => {
      const states: Health[] = [];
      const { sink, log } = await open('SHORT', { 'security.protocol': 'sasl_plaintext', ...settings() });
      sink.health$.subscribe((health) => states.push(health));
      const until = Date.now() + 1.5 * SHORT_SESSION_MS;
      // One after the other, so that some are on their way when it is time.
      for (let n = 0; Date.now() < until; n += 1) {
        const sent = messages(`anew by ${mechanism} ${n}`, 2);
        expect(await write(sink, TOPIC, sent)).toMatchObject([{ how: 'delivered', maybeTwice: false }]);
        delivered.push(...sent);
      }
      await delay(1.2 * SHORT_SESSION_MS);
      const last = messages(`anew by ${mechanism} at last`);
      expect(await write(sink, TOPIC, last)).toMatchObject([{ maybeTwice: false }]);
      delivered.push(...last);
      expect(states.slice(1)).toEqual([{ state: 'up' }]);
      expect(log.lines.filter(({ message }) => /closed|not connected/.test(message))).toEqual([]);
      await close(sink);
    };
    await Promise.all(MECHANISMS.map(outlive));
  });

  it('leaves no socket and no timer behind', async () => {
    const before = countOf(process.getActiveResourcesInfo());
    const { sink } = await open('SASL_TLS', { 'security.protocol': 'sasl_ssl', ...ca(), ...user('SCRAM-SHA-256') });
    await write(sink, TOPIC, messages('left'));
    delivered.push(...messages('left'));
    await close(sink);
    const more = (): readonly unknown[] =>
      [...countOf(process.getActiveResourcesInfo())].filter(([kind, count]) => count > (before.get(kind) ?? 0));
    // Timers of the test's own token endpoint come and go.
    for (const deadline = Date.now() + 5000; more().length > 0 && Date.now() < deadline;) await delay(20);
    expect(more()).toEqual([]);
  });

  it('has delivered each message once', async () => {
    const found = await messagesOfTopic(broker.address('PLAINTEXT'), TOPIC);
    expect(found.map(({ value }) => String(value)).sort()).toEqual([...delivered].sort());
    expect(found.length).toBeGreaterThan(500);
  });

  it('has told no secret', async () => {
    const text = JSON.stringify(told, (_, value: unknown) => (value instanceof Map ? [...value] : value));
    const basic = Buffer.from(`${CLIENT.clientId}:${CLIENT.clientSecret}`).toString('base64');
    const keys = await Promise.all(
      [certificates.client.key, certificates.client.encryptedKey].map((file) => readFile(file, 'utf8')),
    );
    const secrets = [
      ...[USER.password, WRONG_PASSWORD, KEY_PASSWORD, CLIENT.clientSecret, basic],
      ...endpoint.tokens,
      ...keys.map((pem) => pem.split('\n')[1] ?? ''),
    ];
    expect(secrets.filter((secret) => text.includes(secret) || secret === '')).toEqual([]);
    expect(endpoint.tokens.length).toBeGreaterThan(3);
    expect(text).toMatch(/SASL (PLAIN|SCRAM SHA256) authentication (successful|failed)/);
  });
});
