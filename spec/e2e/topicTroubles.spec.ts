import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  AclOperationTypes,
  AclPermissionTypes,
  AclResourceTypes,
  ConfigResourceTypes,
  Kafka,
  logLevel,
  ResourcePatternTypes,
  type Admin,
} from 'kafkajs';
import { firstValueFrom, NEVER } from 'rxjs';
import type { StreamConfig } from '../../src/config/buckets';
import type { Batch, Outcome } from '../../src/model';
import type { Topology } from '../../src/pipelines/streams';
import { planTopology } from '../../src/pipelines/topology';
import { sinks } from '../../src/sinks';
import { encodeFrame } from '../../src/wire/frame';
import { batchOfRun, memoryLog, testEnv } from '../../src/testing/builders';
import { backupConfig, bucketConfig } from '../support/builders';
import { describeKafka, freshTopic } from '../support/endToEnd';
import { messagesIn } from '../support/fileSinks';
import { createNode, freePorts, newClusterId, type Broker, type NodeOptions } from '../support/kafka';
import { runKafkaTool } from '../support/kafkaJars';
import { messagesOfTopic } from '../support/kcat';

const EVERY_MS = 25;
const PER_BATCH = 4;
/** Below `failover.afterMs`: what is healthy never comes near it. */
const GAP_MS = 2_500;
const FAILOVER = { afterMs: 4_000, retryMs: 500 };
const THROTTLED = 'throttled';

const SETTINGS = `
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
quota.window.num=2
`;

type Cluster = Omit<NodeOptions, 'heap' | 'settings'>;

const clusterOf = async (): Promise<Cluster> => {
  const [port = 0, controllerPort = 0] = await freePorts(2);
  return { nodeId: 1, port, controllerPort, voters: `1@127.0.0.1:${controllerPort}`, clusterId: newClusterId() };
};

interface Pair {
  readonly key: string;
  readonly value: string;
}

const batchOf = (bucket: string, pairs: readonly Pair[]): Batch => {
  const encoded = pairs.map(({ key, value }) => encodeFrame(bucket, value, key));
  return batchOfRun(bucket, encoded, Date.now());
};

/** Messages to one bucket all the time, and what became of them. */
class Flow {
  private number = 0;
  private readonly timer: NodeJS.Timeout;
  private readonly open = new Set<Promise<void>>();
  private readonly listeners = new Set<(outcome: Outcome) => void>();
  readonly total = { sent: 0, delivered: 0, backedUp: 0, deadLettered: 0, dropped: 0, duplicatesPossible: 0 };
  longestMs = 0;

  constructor(
    private readonly bucket: string,
    private readonly deliver: (batch: Batch) => Promise<Outcome>,
  ) {
    this.timer = setInterval(() => this.send(), EVERY_MS);
  }

  private send(): void {
    const pairs = Array.from({ length: PER_BATCH }, () => {
      this.number += 1;
      return { key: `key-${this.number % 7}`, value: `${this.number}` };
    });
    const sentMs = Date.now();
    this.total.sent += pairs.length;
    const ended = this.deliver(batchOf(this.bucket, pairs)).then((outcome) => {
      this.open.delete(ended);
      this.longestMs = Math.max(this.longestMs, Date.now() - sentMs);
      this.total.delivered += outcome.delivered;
      this.total.backedUp += outcome.backedUp;
      this.total.deadLettered += outcome.deadLettered;
      this.total.duplicatesPossible += outcome.duplicatesPossible;
      this.total.dropped += outcome.dropped.reduce((sum, { count }) => sum + count, 0);
      for (const listener of this.listeners) listener(outcome);
    });
    this.open.add(ended);
  }

  /** The next batch of which any message goes that way. */
  next(way: 'delivered' | 'backedUp'): Promise<void> {
    return new Promise((resolve) => {
      const listener = (outcome: Outcome): void => {
        if (outcome[way] === 0) return;
        this.listeners.delete(listener);
        resolve();
      };
      this.listeners.add(listener);
    });
  }

  /** No more messages; resolves when each has its outcome. */
  async end(): Promise<void> {
    clearInterval(this.timer);
    await Promise.all(this.open);
  }
}

describeKafka('a topic that takes nothing, beside one that does', () => {
  let cluster: Cluster;
  let broker: Broker;
  let admin: Admin;
  let folder: string;
  let topology: Topology;
  let log: ReturnType<typeof memoryLog>;
  const flows: Flow[] = [];

  /** A broker and no controller, so that the cluster does without it. */
  const secondNode = async (): Promise<Broker> => {
    const [port = 0] = await freePorts(1);
    const settings = `${SETTINGS}process.roles=broker\nlisteners=PLAINTEXT://127.0.0.1:${port}\n`;
    return createNode({ ...cluster, nodeId: 2, port, heap: '256m', settings });
  };
  const stream = (id: string, settings: object = {}, parts: Partial<StreamConfig> = {}): StreamConfig => ({
    id,
    type: 'kafka',
    slice: 1,
    settings: { 'bootstrap.servers': broker.address, 'allow.auto.create.topics': false, ...settings },
    backup: backupConfig('file', { path: path.join(folder, id), fileNameTemplate: '{bucket}' }),
    emptyKey: 'empty',
    failover: FAILOVER,
    ...parts,
  });
  const deliver =
    (id: string) =>
    (batch: Batch): Promise<Outcome> => {
      const found = topology.routeOf(batch.bucket)?.streams.find((one) => one.id === id);
      return firstValueFrom(found?.deliver(batch) ?? NEVER);
    };
  const flow = (topic: string, id = 'plain'): Flow => {
    const started = new Flow(topic, deliver(id));
    flows.push(started);
    return started;
  };
  const topicOf = async (name: string, numPartitions = 3, config: Readonly<Record<string, string>> = {}) => {
    const topic = freshTopic(name);
    await create(topic, numPartitions, config);
    return topic;
  };
  const create = async (topic: string, numPartitions: number, config: Readonly<Record<string, string>> = {}) => {
    const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
    await admin.createTopics({
      topics: [{ topic, numPartitions, replicationFactor: 1, configEntries }],
      waitForLeaders: true,
    });
  };
  const said = (bucket: string): readonly string[] =>
    log.lines
      .filter(({ fields }) => fields['bucket'] === bucket || fields['topic'] === bucket)
      .map(({ level, message, fields }) => `${level} ${message}: ${String(fields['cause'])}`);
  const backup = (topic: string, id = 'plain'): Promise<readonly string[]> => messagesIn(path.join(folder, id, topic));
  const inKafka = async (topic: string): Promise<readonly string[]> =>
    (await messagesOfTopic(broker.address, topic)).map(({ value }) => String(value));
  /** A topic that is well gets all of its messages, each soon. */
  const expectUntouched = async (healthy: Flow, topic: string): Promise<void> => {
    await healthy.end();
    const { sent, ...went } = healthy.total;
    expect(went).toEqual({ delivered: sent, backedUp: 0, deadLettered: 0, dropped: 0, duplicatesPossible: 0 });
    expect(healthy.longestMs).toBeLessThan(GAP_MS);
    expect([...(await inKafka(topic))].sort()).toEqual(Array.from({ length: sent }, (_, n) => `${n + 1}`).sort());
  };
  /** All that was sent is in Kafka or in the backup, and no more is there twice than was told to be in doubt. Resolves with how many are. */
  const expectNothingLost = async (ended: Flow, topic: string): Promise<number> => {
    await ended.end();
    const { sent, delivered, backedUp, duplicatesPossible } = ended.total;
    expect(ended.total).toMatchObject({ deadLettered: 0, dropped: 0, sent: delivered + backedUp });
    const found = [...(await inKafka(topic)), ...(await backup(topic))].map(Number);
    expect([...new Set(found)].sort((a, b) => a - b)).toEqual(Array.from({ length: sent }, (_, n) => n + 1));
    const copies = found.length - sent;
    expect(copies).toBeLessThanOrEqual(duplicatesPossible);
    return copies;
  };

  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kahets-topics-'));
    cluster = await clusterOf();
    broker = await createNode({ ...cluster, heap: '512m', settings: SETTINGS });
    await broker.start();
    admin = new Kafka({ brokers: [broker.address], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    const quota = ['--alter', '--add-config', 'producer_byte_rate=10000'];
    const client = ['--entity-type', 'clients', '--entity-name', THROTTLED];
    await runKafkaTool('kafka.admin.ConfigCommand', '--bootstrap-server', broker.address, ...quota, ...client);
  }, 120_000);
  beforeEach(async () => {
    log = memoryLog();
    const streams = [
      stream('plain'),
      stream('making', { 'allow.auto.create.topics': true }),
      stream('nulls', {}, { emptyKey: 'null' }),
      stream('slow', { 'client.id': THROTTLED }),
    ];
    const defaultBucket = bucketConfig(
      'all',
      streams.map(({ id }) => id),
      { batch: 1, batchTimeoutMs: 1 },
    );
    const plan = planTopology({ streams, buckets: [], defaultBucket }, sinks);
    if (plan._tag === 'Left') throw new Error(JSON.stringify(plan.left));
    const opened = await plan.right.open(testEnv({ now: Date.now, random: Math.random, log }), NEVER)();
    if (opened._tag === 'Left') throw new Error(opened.left.message);
    topology = opened.right;
  });
  afterEach(async () => {
    for (const one of flows.splice(0)) await one.end();
    await topology.close();
  });
  afterAll(async () => {
    await admin.disconnect();
    await broker.remove();
    await rm(folder, { recursive: true, force: true });
  });

  it('is not there yet: its messages go to the backup, until it is made', async () => {
    const healthyTopic = await topicOf('healthy');
    const topic = freshTopic('unknown');
    const [healthy, unknown] = [flow(healthyTopic), flow(topic)];
    await unknown.next('backedUp');
    await create(topic, 2);
    await unknown.next('delivered');
    expect(await expectNothingLost(unknown, topic)).toBe(0);
    await expectUntouched(healthy, healthyTopic);
    const [takesNone, open] = said(topic);
    expect(takesNone).toMatch(/^warn topic takes no messages: .*UNKNOWN_TOPIC_OR_PARTITION \(3\): .*create it/);
    expect(open).toMatch(/^warn topic open: its messages go to the backup: .*UNKNOWN_TOPIC_OR_PARTITION/);
    expect(said(topic).at(-1)).toMatch('info topic closed');
  }, 30_000);

  it('is deleted and made again with fewer partitions: it goes on with those', async () => {
    const healthyTopic = await topicOf('healthy');
    const topic = await topicOf('deleted', 3);
    const [healthy, deleted] = [flow(healthyTopic), flow(topic)];
    await deleted.next('delivered');
    await admin.deleteTopics({ topics: [topic] });
    await deleted.next('backedUp');
    await create(topic, 1);
    await deleted.next('delivered');
    await deleted.next('delivered');
    await deleted.end();
    const { sent, delivered, backedUp } = deleted.total;
    expect(deleted.total).toMatchObject({ dropped: 0, deadLettered: 0, sent: delivered + backedUp });
    const [now, saved] = [await inKafka(topic), await backup(topic)];
    expect(now.length).toBeGreaterThan(0);
    expect(saved).toHaveLength(backedUp);
    // The last batch of all went through, so that this is a topic that takes messages.
    expect(now).toContain(`${sent}`);
    await expectUntouched(healthy, healthyTopic);
  }, 30_000);

  it('is deleted, and made again on demand: nothing goes to the backup', async () => {
    const topic = await topicOf('again', 4);
    const again = flow(topic, 'making');
    await again.next('delivered');
    await admin.deleteTopics({ topics: [topic] });
    const before = again.total.delivered;
    while (again.total.delivered <= before + 10 * PER_BATCH) await again.next('delivered');
    await again.end();
    const { sent, ...went } = again.total;
    expect(went).toMatchObject({ delivered: sent, backedUp: 0, deadLettered: 0, dropped: 0 });
    expect(await inKafka(topic)).toContain(`${sent}`);
  }, 30_000);

  it('may not be written to: its messages go to the backup, until it may', async () => {
    const healthyTopic = await topicOf('healthy');
    const topic = await topicOf('forbidden');
    const [healthy, forbidden] = [flow(healthyTopic), flow(topic)];
    await forbidden.next('delivered');
    const acl = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: topic,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:*',
      host: '*',
    };
    // Else, with an ACL of its own, the topic would be closed to all that has none.
    await admin.createAcls({
      acl: [
        { ...acl, operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.ALLOW },
        { ...acl, operation: AclOperationTypes.WRITE, permissionType: AclPermissionTypes.DENY },
      ],
    });
    await forbidden.next('backedUp');
    await admin.deleteAcls({
      filters: [{ ...acl, operation: AclOperationTypes.WRITE, permissionType: AclPermissionTypes.DENY }],
    });
    await forbidden.next('delivered');
    expect(await expectNothingLost(forbidden, topic)).toBe(0);
    await expectUntouched(healthy, healthyTopic);
    expect(said(topic)[0]).toMatch(/^warn topic takes no messages: .*TOPIC_AUTHORIZATION_FAILED \(29\).*ACL/);
  }, 30_000);

  it('takes no message that is larger than it allows: exactly that one goes to the dead letters', async () => {
    const healthyTopic = await topicOf('healthy');
    const topic = await topicOf('large', 1, { 'max.message.bytes': '5000' });
    const healthy = flow(healthyTopic);
    const values = Array.from({ length: 21 }, (_, n) => (n === 10 ? `${n} `.padEnd(6_000, 'x') : `${n}`));
    const outcome = await deliver('plain')(
      batchOf(
        topic,
        values.map((value, n) => ({ key: `${n % 3}`, value })),
      ),
    );
    expect(outcome).toMatchObject({ delivered: 20, deadLettered: 1, backedUp: 0, dropped: [] });
    expect(await inKafka(topic)).toEqual(values.filter((_, n) => n !== 10));
    expect(await backup(`${topic}.dead`)).toEqual([values[10]]);
    expect(await readdir(path.join(folder, 'plain'))).not.toContain(topic);
    expect(said(topic)).toEqual([
      expect.stringMatching(
        /^warn messages that no sink takes go to the dead letters: .*MESSAGE_TOO_LARGE.*max.message/,
      ),
    ]);
    await expectUntouched(healthy, healthyTopic);
  }, 30_000);

  it('is compacted and takes no message without a key: exactly those go to the dead letters', async () => {
    const healthyTopic = await topicOf('healthy');
    const topic = await topicOf('compacted', 2, { 'cleanup.policy': 'compact' });
    const healthy = flow(healthyTopic);
    const pairs = Array.from({ length: 40 }, (_, n) => ({ key: n % 4 === 1 ? '' : `key-${n}`, value: `${n}` }));
    const outcome = await deliver('nulls')(batchOf(topic, pairs));
    expect(outcome).toMatchObject({ delivered: 30, deadLettered: 10, backedUp: 0, dropped: [] });
    const valuesOf = (keyed: boolean): readonly string[] =>
      pairs.filter(({ key }) => (key !== '') === keyed).map(({ value }) => value);
    expect([...(await inKafka(topic))].sort()).toEqual([...valuesOf(true)].sort());
    expect(await backup(`${topic}.dead`, 'nulls')).toEqual(valuesOf(false));
    expect(said(topic)).toEqual([
      expect.stringMatching(/^warn messages that no sink takes go to the dead letters: .*INVALID_RECORD \(87\)/),
    ]);
    await expectUntouched(healthy, healthyTopic);
  }, 30_000);

  it('is written to faster than a quota allows: the broker is left alone as long as it asks, nobody else waits', async () => {
    const healthyTopic = await topicOf('healthy');
    const topic = await topicOf('quota', 1);
    const healthy = flow(healthyTopic);
    const startMs = Date.now();
    const sent: Outcome[] = [];
    // One after the other: on a busy machine all of them would be one request, and a quota holds back only the next.
    for (let n = 0; n < 6; n += 1) {
      const pairs = Array.from({ length: 5 }, (_, m) => ({ key: '', value: `${n * 5 + m} `.padEnd(1_000, 'x') }));
      sent.push(await deliver('slow')(batchOf(topic, pairs)));
    }
    expect(sent.reduce((sum, { delivered }) => sum + delivered, 0)).toBe(30);
    expect(sent.reduce((sum, { duplicatesPossible }) => sum + duplicatesPossible, 0)).toBe(0);
    // 30 KB at 10 KB a second.
    expect(Date.now() - startMs).toBeGreaterThan(500);
    expect((await inKafka(topic)).map((value) => Number.parseInt(value, 10))).toEqual([...Array(30).keys()]);
    await expectUntouched(healthy, healthyTopic);
  }, 30_000);

  it('has fewer replicas than it asks for: it waits a while, goes to the backup, and comes back', async () => {
    const second = await secondNode();
    try {
      await second.start();
      const healthyTopic = freshTopic('healthy');
      const topic = freshTopic('replicas');
      const on = (name: string, replicas: number[]) => ({
        topic: name,
        replicaAssignment: [{ partition: 0, replicas }],
      });
      await admin.createTopics({ topics: [on(healthyTopic, [1]), on(topic, [1, 2])], waitForLeaders: true });
      await second.stop('SIGKILL');
      const inSync = async (): Promise<number> =>
        (await admin.fetchTopicMetadata({ topics: [topic] })).topics[0]?.partitions[0]?.isr.length ?? 0;
      while ((await inSync()) > 1) await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
      const askFor = (replicas: number): Promise<unknown> =>
        admin.alterConfigs({
          validateOnly: false,
          resources: [
            {
              type: ConfigResourceTypes.TOPIC,
              name: topic,
              configEntries: [{ name: 'min.insync.replicas', value: `${replicas}` }],
            },
          ],
        });

      const [healthy, replicas] = [flow(healthyTopic), flow(topic)];
      await replicas.next('delivered');
      await askFor(2);
      await replicas.next('backedUp');
      await askFor(1);
      await replicas.next('delivered');
      // What is on its way when more replicas are asked for is appended, and then there are too few.
      await expectNothingLost(replicas, topic);
      await expectUntouched(healthy, healthyTopic);
      expect(said(topic)[0]).toMatch(
        /^warn topic takes no messages: .*NOT_ENOUGH_REPLICAS \(19\).*min.insync.replicas/,
      );
    } finally {
      await second.remove();
    }
  }, 60_000);
});
