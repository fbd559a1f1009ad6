/** What a user may get wrong about a broker, against real ones: what is said, and that it mends itself when put right. */
import { kill } from 'node:process';
import path from 'node:path';
import { NEVER } from 'rxjs';
import type { Health, Sink } from '../../src/model';
import { batchOf } from '../../src/testing/builders';
import { makeCertificates, type Certificates } from '../support/certificates';
import { openClient } from '../support/client';
import { endDaemons, launchDaemon, startDaemon } from '../support/daemon';
import { addTopic, describeKafka, finalLedger, freshTopic, oneBucket, rowOf } from '../support/endToEnd';
import {
  answers,
  closesAtOnce,
  forwardsTo,
  isSilent,
  openFront,
  says,
  type Front,
  type Service,
} from '../support/front';
import { createNode, freePorts, newClusterId, type Broker, type NodeOptions } from '../support/kafka';
import { runKafkaTool } from '../support/kafkaJars';
import { addFiles, Arrivals, numberedFrame } from '../support/numbered';
import { openKafka } from '../support/openKafka';
import { startSecureBroker, USER, type Listener, type SecureBroker } from '../support/secureBroker';
import { CLIENT, signedToken, startTokenEndpoint, tokenAnswer, type TokenEndpoint } from '../support/tokenEndpoint';
import { awaitMessages, createTopic } from '../support/topics';

// A sink that mends itself does so in its own time.
jest.setTimeout(30_000);

const CAUSE_MS = 10_000;
/** CLOSE_TIMEOUT_MS of the sink, and a second for a busy machine. */
const CLOSE_MS = 6000;

/** The cause of the sink's being down that matches; rejects with those that came instead. */
const untilDown = (sink: Sink, wanted: RegExp): Promise<string> =>
  new Promise((resolve, reject) => {
    const seen = new Set<string>();
    const timer = setTimeout(() => fail(`none in ${CAUSE_MS} ms matches ${String(wanted)}`), CAUSE_MS);
    const watching = sink.health$.subscribe((health: Health) => {
      if (health.state !== 'down') return;
      seen.add(health.cause);
      if (!wanted.test(health.cause)) return;
      clearTimeout(timer);
      resolve(health.cause);
    });
    const fail = (why: string): void => {
      watching.unsubscribe();
      reject(new Error(`${why}:\n${[...seen].join('\n')}`));
    };
  });

/** Resolves with how many messages got a receipt; rejects with what has none. */
const write = (sink: Sink, topic: string, count: number): Promise<number> =>
  new Promise((resolve, reject) => {
    let delivered = 0;
    const messages = Array.from({ length: count }, (_, n) => `message ${n}`);
    sink.write(batchOf(topic, messages), NEVER).subscribe({
      next: ({ batch }) => (delivered += batch.count),
      error: reject,
      complete: () => resolve(delivered),
    });
  });

const alterConfig = (address: string, type: string, name: string, config: string): Promise<string> =>
  runKafkaTool(
    'kafka.admin.ConfigCommand',
    ...['--bootstrap-server', address, '--alter', '--entity-type', type, '--entity-name', name],
    ...['--add-config', config],
  );

/** What a case may use of the place where it runs. */
interface Place {
  readonly broker: SecureBroker;
  readonly certificates: Certificates;
  readonly tokens: TokenEndpoint;
}

interface Case {
  readonly name: string;
  readonly settings?: (place: Place) => object;
  /** What is at the address first. Undefined: nothing. */
  readonly wrong: (place: Place) => Service | undefined;
  /** What the sink says. */
  readonly says: RegExp;
  /** Put right, the address is that of this listener. */
  readonly right: Listener;
}

const through =
  (listener: Listener) =>
  ({ broker }: Place): Service =>
    forwardsTo(broker.address(listener));

const tls = ({ certificates }: Place) => ({ 'security.protocol': 'ssl', 'ssl.ca.location': certificates.ca });
const sasl =
  (values: object = {}) =>
  () => ({
    'security.protocol': 'sasl_plaintext',
    'sasl.mechanisms': 'PLAIN',
    'sasl.username': USER.username,
    'sasl.password': USER.password,
    ...values,
  });

const CASES: readonly Case[] = [
  {
    name: 'nobody listens',
    wrong: () => undefined,
    says: /nothing listens there \(ECONNREFUSED\); start the broker, or correct the host or port in bootstrap.servers/,
    right: 'PLAINTEXT',
  },
  {
    name: 'an HTTP server',
    wrong: () => answers('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'),
    says: /an HTTP server answers, not Kafka; correct the port/,
    right: 'PLAINTEXT',
  },
  {
    name: 'an SSH server',
    wrong: () => says('SSH-2.0-OpenSSH_9.2p1\r\n'),
    says: /an SSH server answers, not Kafka; correct the port/,
    right: 'PLAINTEXT',
  },
  {
    name: 'a service whose bytes are no length',
    wrong: () => says(Buffer.from('ffffffffffff', 'hex')),
    says: /something that begins with "\.{6}" answers, not Kafka; correct the port/,
    right: 'PLAINTEXT',
  },
  {
    name: 'a service that closes at once',
    wrong: () => closesAtOnce,
    says: /closed the connection without an answer; if the port speaks TLS, set security.protocol to ssl; else .*correct the port/,
    right: 'PLAINTEXT',
  },
  {
    name: 'a service that says nothing',
    settings: () => ({ 'socket.connection.setup.timeout.ms': 1000 }),
    wrong: () => isSilent,
    says: /takes the connection and then says nothing; .*check the broker, the port and security.protocol/,
    right: 'PLAINTEXT',
  },
  {
    name: 'TLS to a listener in the clear',
    settings: tls,
    wrong: through('PLAINTEXT'),
    says: /closed the connection in the TLS handshake; if the port speaks no TLS, set security.protocol to plaintext/,
    right: 'TLS',
  },
  {
    name: 'TLS to an HTTP server',
    settings: tls,
    wrong: () => answers('HTTP/1.1 400 Bad Request\r\n\r\n'),
    says: /answers, but not in TLS; if it is a listener of Kafka, set security.protocol to plaintext; else correct the port/,
    right: 'TLS',
  },
  {
    name: 'in the clear to a TLS listener',
    wrong: through('TLS'),
    says: /the port speaks TLS; set security.protocol to ssl/,
    right: 'PLAINTEXT',
  },
  {
    name: 'an expired certificate',
    settings: tls,
    wrong: through('EXPIRED'),
    says: /the broker's certificate has expired; renew it on the broker/,
    right: 'TLS',
  },
  {
    name: "another host's certificate",
    settings: tls,
    wrong: through('WRONG_NAME'),
    says: /certificate is for DNS:elsewhere\.example, not for 127\.0\.0\.1; connect by a name of the certificate, .*ssl.endpoint.identification.algorithm/,
    right: 'TLS',
  },
  {
    name: 'no client certificate where one is wanted',
    settings: tls,
    wrong: through('MUTUAL'),
    says: /wants a client certificate.*; set ssl.certificate.location and ssl.key.location/,
    right: 'TLS',
  },
  {
    name: "a client certificate of a stranger's CA",
    settings: (place) => ({
      ...tls(place),
      'ssl.certificate.location': place.certificates.stranger.certificate,
      'ssl.key.location': place.certificates.stranger.key,
    }),
    wrong: through('MUTUAL'),
    says: /does not accept our client certificate; use one that has not expired and whose CA is in the broker's/,
    right: 'TLS',
  },
  {
    name: 'no SASL where it is wanted',
    wrong: through('SASL'),
    says: /closed the connection at the first request; if it wants SASL, set security.protocol to sasl_plaintext, and sasl.mechanisms/,
    right: 'PLAINTEXT',
  },
  {
    name: 'SASL where there is none',
    settings: sasl(),
    wrong: through('PLAINTEXT'),
    says: /asks for no SASL at this port; set security.protocol to plaintext, or use the port of its SASL listener/,
    right: 'SASL',
  },
];

const BEFORE = 1000;
const MARKER_MS = 20;

interface Mending {
  readonly topic: string;
  readonly address: string;
  /** Where what arrived is read, nameless and in the clear. */
  readonly readAt?: string;
  readonly settings?: object;
  /** The line that says why; default: that the stream's messages go to the backup. */
  readonly saidBy?: string;
  /** The cause in it. */
  readonly wanted: RegExp;
  readonly putRight: () => unknown;
}

/** Starts it, waits until it says why messages go to the backup, puts that right, and checks where everything went. */
const mends = async ({
  topic,
  address,
  readAt = address,
  settings = {},
  saidBy = 'stream open',
  wanted,
  putRight,
}: Mending): Promise<void> => {
  const stream = {
    type: 'kafka',
    settings: { 'bootstrap.servers': address, 'reconnect.backoff.max.ms': 200, ...settings },
    backup: { type: 'file', settings: { path: './backup', fileNameTemplate: '{bucket}{PS}{ts}' } },
    failover: { afterMs: 10_000, retryMs: 500 },
  };
  const daemon = await startDaemon({ buckets: oneBucket(topic, { kafka: stream }) });
  const client = await openClient(daemon.socket);
  const phase = (first: number): Promise<void> =>
    client.write(Buffer.concat(Array.from({ length: BEFORE }, (_, n) => numberedFrame(topic, first + n))));
  await phase(0);
  const { cause } = await daemon.waitForLog(({ msg }) => msg.startsWith(saidBy));
  expect(cause).toMatch(wanted);
  await daemon.waitForLog(({ msg }) => /^(stream|topic) open/.test(msg));

  await putRight();
  // A message now and then, since only a batch can find out that the broker is right.
  let n = BEFORE;
  const markers = setInterval(() => void client.write(numberedFrame(topic, n++)), MARKER_MS);
  try {
    await daemon.waitForLog(({ msg }) => /^(stream|topic) closed/.test(msg), 30_000);
  } finally {
    clearInterval(markers);
  }
  const mended = n;
  await phase(mended);
  await client.end();
  const ended = await daemon.stop();

  expect(ended.code).toBe(0);
  expect(ended.output).not.toContain(USER.password);
  const total = mended + BEFORE;
  const row = rowOf(finalLedger(ended), topic, 'kafka');
  expect(row).toMatchObject({ received: total, dropped: {}, deadLettered: 0 });
  expect(row.backedUp).toBeGreaterThanOrEqual(BEFORE);
  const anywhere = new Arrivals(total);
  await addTopic(anywhere, readAt, topic);
  await addFiles(anywhere, path.join(daemon.folder, 'backup'));
  expect(anywhere.faults()).toMatchObject({ missing: 0, damaged: 0 });
  const afterwards = new Arrivals(BEFORE, mended);
  await addTopic(afterwards, readAt, topic);
  expect(afterwards.faults().missing).toBe(0);
};

describeKafka('the Kafka sink and', () => {
  let place: Place;
  let front: Front;
  const sinks: Sink[] = [];

  beforeAll(async () => {
    const certificates = await makeCertificates();
    place = {
      certificates,
      broker: await startSecureBroker(certificates),
      tokens: await startTokenEndpoint(),
    };
  }, 120_000);
  beforeEach(async () => {
    const [port = 0] = await freePorts(1);
    front = openFront(port);
  });
  afterEach(async () => {
    await Promise.all([endDaemons(), ...sinks.splice(0).map((sink) => sink.close())]);
    await front.become(undefined);
  });
  afterAll(async () => {
    await place.broker.remove();
    await Promise.all([place.certificates.remove(), place.tokens.close()]);
  });

  const plaintext = (): string => place.broker.address('PLAINTEXT');
  const newTopic = async (name: string): Promise<string> => {
    const topic = freshTopic(name);
    await createTopic(plaintext(), topic);
    return topic;
  };
  const open = async (settings: object = {}, address = front.address): Promise<Sink> => {
    const sink = await openKafka(address, { 'reconnect.backoff.max.ms': 200, ...settings });
    sinks.push(sink);
    return sink;
  };

  describe('an address that is', () => {
    it.each(CASES)('$name: says what to change, and delivers once it is right', async (each) => {
      const topic = await newTopic('bad');
      await front.become(each.wrong(place));
      const sink = await open(each.settings?.(place));
      const written = write(sink, topic, 10);
      const cause = await untilDown(sink, each.says);
      expect(cause.split(front.address)).toHaveLength(2);
      expect(cause).not.toContain(USER.password);

      await front.become(forwardsTo(place.broker.address(each.right)));
      expect(await written).toBe(10);
      expect(await awaitMessages(plaintext(), topic, 10)).toBe(10);
    });

    it('a name that nobody knows', async () => {
      const sink = await open({}, 'no-such-host.invalid:9092');
      // Without any network it is the name server that does not answer.
      await untilDown(
        sink,
        /no such host name \(ENOTFOUND\); correct it in bootstrap.servers|name server does not answer/,
      );
    });

    it('a broker whose certificate is of a CA that we do not trust', async () => {
      const settings = { 'security.protocol': 'ssl', 'ssl.ca.location': place.certificates.otherCa };
      const sink = await open(settings, place.broker.address('TLS'));
      await untilDown(sink, /is not trusted here; set ssl.ca.location/);
    });
  });

  describe('a login that is wrong', () => {
    it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
      'by %s: names the settings, and no password',
      async (mechanism) => {
        const settings = sasl({ 'sasl.mechanisms': mechanism, 'sasl.password': 'not-the-password' })();
        const sink = await open(settings, place.broker.address('SASL'));
        const cause = await untilDown(sink, /refused the user or password/);
        expect(cause).toContain(`(SASL ${mechanism}); correct sasl.username and sasl.password`);
        expect(cause).not.toContain('not-the-password');
      },
    );

    it('by OAUTHBEARER: a token for somebody else, until the endpoint gives the right one', async () => {
      const topic = await newTopic('token');
      place.tokens.answer = () => tokenAnswer(3600, signedToken(3600, 'somebody else'));
      const settings = {
        'security.protocol': 'sasl_plaintext',
        'sasl.mechanisms': 'OAUTHBEARER',
        'sasl.oauthbearer.method': 'oidc',
        'sasl.oauthbearer.token.endpoint.url': place.tokens.url,
        'sasl.oauthbearer.client.id': CLIENT.clientId,
        'sasl.oauthbearer.client.secret': CLIENT.clientSecret,
      };
      const sink = await open(settings, place.broker.address('SASL'));
      const written = write(sink, topic, 10);
      const cause = await untilDown(
        sink,
        /the broker refused the token \(SASL OAUTHBEARER\); check sasl.oauthbearer.scope/,
      );
      for (const token of place.tokens.tokens) expect(cause).not.toContain(token);

      place.tokens.answer = () => tokenAnswer(3600);
      expect(await written).toBe(10);
    });
  });

  describe('the daemon: messages go to the backup, and to Kafka again, when', () => {
    it('another service is at the port', async () => {
      await front.become(answers('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n'));
      await mends({
        topic: await newTopic('service'),
        address: front.address,
        readAt: plaintext(),
        wanted: /an HTTP server answers, not Kafka; correct the port/,
        putRight: () => front.become(forwardsTo(plaintext())),
      });
    }, 90_000);

    it('the certificate has expired, and is replaced on the broker', async () => {
      const { broker, certificates } = place;
      const location = `listener.name.expired.ssl.keystore.location=${certificates.broker.keystore}`;
      await mends({
        topic: await newTopic('expired'),
        address: broker.address('EXPIRED'),
        readAt: plaintext(),
        settings: tls(place),
        wanted: /certificate has expired; renew it on the broker/,
        putRight: () => alterConfig(plaintext(), 'brokers', '1', location),
      });
    }, 90_000);

    it('the password is another, and is changed on the broker', async () => {
      const password = 'a-new-password';
      const values = { 'sasl.mechanisms': 'SCRAM-SHA-512', 'sasl.username': 'new', 'sasl.password': password };
      await mends({
        topic: await newTopic('password'),
        address: place.broker.address('SASL'),
        readAt: plaintext(),
        settings: sasl(values)(),
        wanted: /refused the user or password \(SASL SCRAM-SHA-512\); correct sasl.username and sasl.password/,
        putRight: () => alterConfig(plaintext(), 'users', 'new', `SCRAM-SHA-512=[password=${password}]`),
      });
    }, 90_000);

    it('acks is a number of replicas: that is an error at the start, which names what is possible', async () => {
      const stream = { type: 'kafka', settings: { 'bootstrap.servers': plaintext(), acks: 2 } };
      const { code, output } = await (await launchDaemon({ buckets: oneBucket('any', { kafka: stream }) })).ended;
      expect(code).toBe(78);
      expect(output).toContain('streamsConfigs.kafka.settings.acks: expected all (or -1), 1 or 0, got 2');
    });
  });
});

describeKafka('the Kafka sink and a broker of its own', () => {
  let broker: Broker;
  let cluster: Omit<NodeOptions, 'settings'>;
  let saslAddress: string;
  beforeAll(async () => {
    const [port = 0, controllerPort = 0, saslPort = 0] = await freePorts(3);
    const listeners = `PLAINTEXT://127.0.0.1:${port},LOGIN://127.0.0.1:${saslPort}`;
    saslAddress = `127.0.0.1:${saslPort}`;
    const voters = `1@127.0.0.1:${controllerPort}`;
    cluster = { nodeId: 1, port, controllerPort, voters, clusterId: newClusterId(), heap: '384m' };
    broker = await createNode({
      ...cluster,
      settings: `
listeners=${listeners},CONTROLLER://127.0.0.1:${controllerPort}
advertised.listeners=${listeners}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,LOGIN:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT
inter.broker.listener.name=PLAINTEXT
listener.name.login.sasl.enabled.mechanisms=PLAIN
listener.name.login.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required user_a="b";
`,
    });
    await broker.start();
  }, 90_000);
  afterEach(endDaemons);
  afterAll(() => broker.remove());

  it('goes to the backup as long as acks=all wants more replicas than there are', async () => {
    const topic = freshTopic('replicas');
    const [port = 0] = await freePorts(1);
    const settings = `process.roles=broker\nlisteners=PLAINTEXT://127.0.0.1:${port}\n`;
    const second = await createNode({ ...cluster, nodeId: 2, port, settings });
    try {
      await second.start();
      await runKafkaTool(
        'org.apache.kafka.tools.TopicCommand',
        ...['--bootstrap-server', broker.address, '--create', '--topic', topic],
        ...['--replica-assignment', '1:2', '--config', 'min.insync.replicas=2'],
      );
      // In order, so that it is out of the replicas in sync at once.
      await second.stop();
      await mends({
        topic,
        address: broker.address,
        saidBy: 'topic takes no messages',
        wanted: /NOT_ENOUGH_REPLICAS.*min\.insync\.replicas/,
        putRight: () => second.start(),
      });
    } finally {
      // In order: for a while after a kill it would still be given partitions of new topics.
      await second.stop();
      await second.remove();
    }
  }, 120_000);

  it('says that a mechanism is not enabled there', async () => {
    const sink = await openKafka(saslAddress, sasl({ 'sasl.mechanisms': 'SCRAM-SHA-256' })());
    await untilDown(
      sink,
      /does not take SASL SCRAM-SHA-256; set sasl.mechanisms to one of the broker's sasl.enabled.mechanisms/,
    );
    await sink.close();
  });

  describe('that hangs', () => {
    const hang = (): void => void kill(broker.pid() ?? 0, 'SIGSTOP');
    const goOn = (): void => void kill(broker.pid() ?? 0, 'SIGCONT');
    afterEach(goOn);

    const timed = async (work: Promise<unknown>): Promise<number> => {
      const startMs = Date.now();
      await work;
      return Date.now() - startMs;
    };

    it('closes at once when nothing waits', async () => {
      const topic = freshTopic('hang');
      const sink = await openKafka(broker.address);
      expect(await write(sink, topic, 10)).toBe(10);
      hang();
      expect(await timed(sink.close())).toBeLessThan(1000);
    });

    it('closes at once while it connects', async () => {
      hang();
      const sink = await openKafka(broker.address);
      expect(await timed(sink.close())).toBeLessThan(1000);
    });

    it('closes in time with requests on their way, and says of each message that nobody knows', async () => {
      const topic = freshTopic('hang');
      const sink = await openKafka(broker.address);
      expect(await write(sink, topic, 10)).toBe(10);
      hang();
      const waiting = write(sink, topic, 10).catch((error: unknown) => error);
      expect(await timed(sink.close())).toBeLessThan(CLOSE_MS);
      expect(await waiting).toMatchObject({ rest: [{ written: 'unknown', cause: { kind: 'gave_up' } }] });
    }, 20_000);
  });
});
