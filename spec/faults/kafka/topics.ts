/** A topic that takes nothing, or not everything. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { AclOperationTypes, AclPermissionTypes, AclResourceTypes, ResourcePatternTypes } from 'kafkajs';
import { makeCertificates } from '../../support/certificates';
import { runKafkaTool } from '../../support/kafkaJars';
import { startSecureBroker, USER } from '../../support/secureBroker';
import { createTopic, topicNames, withAdmin } from '../../support/topics';
import type { FaultCase } from '../faultCase';
import { find } from '../oracle';
import { startTraffic } from '../traffic';
import { until } from '../watch';
import { ownBroker } from './brokers';
import { newTopic, startScene } from './scene';

const ALL = ['I1', 'I2', 'I3', 'I5', 'I6', 'I7'] as const;
const GONE_MS = 10_000;

const deleted: FaultCase = {
  name: 'topic-deleted',
  number: 10,
  title:
    'topic deleted under load, made again after 10 s; figures are of the topic beside it, and of what was written after the deletion',
  quick: false,
  invariants: [...ALL, 'I4'],
  limitS: 150,
  run: async (context) => {
    const { address } = await context.broker();
    const gone = newTopic('gone');
    await createTopic(address, gone);
    const settings = { 'allow.auto.create.topics': false };
    const scene = await startScene({ context, address, others: [gone], settings });
    const traffic = await startTraffic({ socket: scene.daemon.socket, bucket: gone });
    const backup = path.join(scene.daemon.folder, 'backup');

    scene.fault();
    await withAdmin(address, (admin) => admin.deleteTopics({ topics: [gone] }));
    await until(async () => !(await topicNames(address)).includes(gone), 20_000, 100);
    const after = traffic.next();
    await scene.switched();
    await sleep(GONE_MS);
    await createTopic(address, gone);
    await scene.healed();
    await traffic.stop();
    const folders = [path.join(backup, gone)];
    const findGone = () => find({ next: traffic.next(), mayBeGoneBelow: after, address, topics: [gone], folders });
    const wanted = traffic.next() - after;
    await until(async () => (await findGone()).inKafka >= wanted, 60_000, 1000);
    const beside = existsSync(path.join(backup, scene.topic));
    const result = await scene.finish();
    const ofGone = await findGone();
    return {
      ...result,
      sent: result.sent + ofGone.sent,
      lost: result.lost + ofGone.lost,
      duplicates: result.duplicates + ofGone.duplicates,
      invented: result.invented + ofGone.invented,
      longestWaitMs: Math.max(result.longestWaitMs ?? 0, traffic.longestWaitMs()),
      violations: [
        ...result.violations,
        ...(beside ? ['the topic beside it went to the backup too'] : []),
        ...(ofGone.inKafka >= wanted ? [] : [`I1: only ${ofGone.inKafka} of ${wanted} were sent on`]),
      ],
    };
  },
};

const LARGEST = 5000;
const OVERSIZE_EVERY = 200;
const isOversize = (n: number): boolean => n % OVERSIZE_EVERY === 0;

const oversize: FaultCase = {
  name: 'max-message-bytes',
  number: 11,
  title: `topic with max.message.bytes=${LARGEST}, every ${OVERSIZE_EVERY}th message is larger`,
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5', 'I7'],
  limitS: 120,
  run: async (context) => {
    const { address } = await context.broker();
    const topic = newTopic('fault');
    const configEntries = [{ name: 'max.message.bytes', value: String(LARGEST) }];
    await withAdmin(address, (admin) =>
      admin.createTopics({ topics: [{ topic, numPartitions: 3, replicationFactor: 1, configEntries }] }),
    );
    const scene = await startScene({
      context,
      address,
      topic,
      settings: { 'compression.codec': 'none' },
      stream: { deadLetter: { type: 'file', settings: { path: './dead' } } },
      traffic: { perSecond: 1000, bytes: (n) => (isOversize(n) ? LARGEST + 1000 : 200) },
    });
    await sleep(5000);
    await scene.traffic.stop();
    const dead = Math.ceil(scene.traffic.next() / OVERSIZE_EVERY);
    const result = await scene.finish({ exceptions: dead });
    const folders = [path.join(scene.daemon.folder, 'dead')];
    const { inFiles } = await find({ next: scene.traffic.next(), folders });
    const wrong = inFiles === dead ? [] : [`${inFiles} dead letters, ${dead} messages were too large`];
    return { ...result, note: `${dead} dead letters`, violations: [...result.violations, ...wrong] };
  },
};

const AUTHORIZER = `
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
`;

const denied: FaultCase = {
  name: 'acl-denied',
  number: 12,
  title: 'writing denied by an ACL for 10 s',
  quick: false,
  invariants: ALL,
  limitS: 150,
  run: async (context) => {
    const { address } = await ownBroker(context, { settings: AUTHORIZER });
    const scene = await startScene({ context, address });
    const acl = {
      resourceType: AclResourceTypes.TOPIC,
      resourceName: scene.topic,
      resourcePatternType: ResourcePatternTypes.LITERAL,
      principal: 'User:*',
      host: '*',
    };
    const all = { ...acl, operation: AclOperationTypes.ALL, permissionType: AclPermissionTypes.ALLOW };
    const write = { ...acl, operation: AclOperationTypes.WRITE, permissionType: AclPermissionTypes.DENY };
    scene.fault();
    // Without the first one the topic would be closed to all that has no ACL of its own.
    await withAdmin(address, (admin) => admin.createAcls({ acl: [all, write] }));
    await scene.switched();
    await sleep(GONE_MS);
    await withAdmin(address, (admin) => admin.deleteAcls({ filters: [write] }));
    await scene.healed();
    return scene.finish();
  },
};

const WRONG_PASSWORD = 'not yet the password';

const wrongPassword: FaultCase = {
  name: 'wrong-password',
  number: 12,
  title: 'wrong SASL password, put right after 10 s; no password in the log',
  quick: false,
  invariants: ALL,
  limitS: 180,
  run: async (context) => {
    const certificates = await makeCertificates();
    context.atEnd(() => certificates.remove());
    const broker = await startSecureBroker(certificates);
    context.atEnd(() => broker.remove());
    const address = broker.address('PLAINTEXT');
    const topic = newTopic('fault');
    await createTopic(address, topic);
    const scene = await startScene({
      context,
      address,
      topic,
      bootstrap: broker.address('SASL'),
      reachable: false,
      settings: {
        'security.protocol': 'sasl_plaintext',
        'sasl.mechanisms': 'SCRAM-SHA-512',
        'sasl.username': USER.username,
        'sasl.password': WRONG_PASSWORD,
      },
    });
    scene.fault();
    await scene.switched();
    await sleep(GONE_MS);
    const scram = `SCRAM-SHA-512=[password=${WRONG_PASSWORD}]`;
    const user = ['--entity-type', 'users', '--entity-name', USER.username];
    // Where it is put right, here or at the broker, is the same to the daemon.
    const options = ['--bootstrap-server', address, '--alter', '--add-config', scram, ...user];
    await runKafkaTool('kafka.admin.ConfigCommand', ...options);
    await scene.healed();
    const result = await scene.finish();
    const { output } = await scene.daemon.ended;
    const shown = [WRONG_PASSWORD, USER.password].some((password) => output.includes(password));
    return { ...result, violations: [...result.violations, ...(shown ? ['a password stands in the log'] : [])] };
  },
};

export const topics: readonly FaultCase[] = [deleted, oversize, denied, wrongPassword];
