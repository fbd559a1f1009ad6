import * as E from 'fp-ts/Either';
import { report } from '../../../src/config/report';
import {
  decodeKafkaSettings,
  kafkaLimits,
  type KafkaSettings,
  type PartitionerName,
} from '../../../src/sinks/kafka/settings';
import { settingsOf } from './settingsOf';

const PATH = 'streamsConfigs.kafka_01.settings';
const BROKER = { 'bootstrap.servers': 'kafka1' };

type Raw = Readonly<Record<string, unknown>>;

const warningsOf = (raw: Raw): readonly string[] => report('b', settingsOf(raw, PATH).warnings);

const errorsOf = (raw: unknown): readonly string[] => {
  const decoded = decodeKafkaSettings(raw, PATH);
  return E.isLeft(decoded) ? report('b', decoded.left).map((line) => line.replace(`b: ${PATH}`, '')) : [];
};

const PARTITIONERS: readonly PartitionerName[] = [
  'random',
  'consistent',
  'consistent_random',
  'murmur2',
  'murmur2_random',
  'fnv1a',
  'fnv1a_random',
];

const DEFAULTS: KafkaSettings = {
  brokers: ['kafka1:9092'],
  clientId: 'rdkafka',
  acks: -1,
  requestTimeoutMs: 30_000,
  messageTimeoutMs: undefined,
  retries: 2_147_483_647,
  retryBackoffMs: 100,
  retryBackoffMaxMs: 1_000,
  lingerMs: 5,
  batchNumMessages: 10_000,
  batchSizeBytes: 1_000_000,
  messageMaxBytes: 1_000_000,
  compression: 'none',
  compressionLevel: -1,
  partitioner: 'consistent_random',
  idempotence: 'preferred',
  maxInFlight: 1_000_000,
  socketTimeoutMs: 60_000,
  connectionSetupTimeoutMs: 30_000,
  keepAlive: false,
  noDelay: true,
  reconnectBackoffMs: 100,
  reconnectBackoffMaxMs: 10_000,
  metadataRefreshIntervalMs: 300_000,
  allowAutoCreateTopics: true,
  stickyLingerMs: 10,
  tls: undefined,
  sasl: undefined,
  statisticsIntervalMs: 0,
  log: { debug: false, level: 6 },
  logConnectionClose: true,
  share: undefined,
  warnings: [],
};

describe('decodeKafkaSettings', () => {
  it("has librdkafka's defaults", () => expect(settingsOf({})).toEqual(DEFAULTS));

  it.each<[Raw, Partial<KafkaSettings>]>([
    [
      { 'bootstrap.servers': 'a, b:9093,,[::1]:9094 ,PLAINTEXT://c:1' },
      { brokers: ['a:9092', 'b:9093', '[::1]:9094', 'c:1'] },
    ],
    [{ 'metadata.broker.list': 'kafka2:29092' }, { brokers: ['kafka2:29092'] }],
    [{ 'client.id': 'kahets' }, { clientId: 'kahets' }],
    [{ 'client.id': 7 }, { clientId: '7' }],
    [{ 'client.id': null, acks: null }, {}],
    [{ acks: 'all' }, { acks: -1 }],
    [{ acks: 'ALL' }, { acks: -1 }],
    [{ acks: -1 }, { acks: -1 }],
    [{ acks: '1' }, { acks: 1, idempotence: 'off' }],
    [{ 'request.required.acks': 0 }, { acks: 0, idempotence: 'off' }],
    [{ '{topic}.acks': '1' }, { acks: 1, idempotence: 'off' }],
    [{ 'request.timeout.ms': '5000' }, { requestTimeoutMs: 5_000 }],
    [{ 'message.timeout.ms': 300_000 }, { messageTimeoutMs: 300_000 }],
    [{ 'delivery.timeout.ms': '0' }, { messageTimeoutMs: undefined }],
    [{ retries: 0 }, { retries: 0 }],
    [{ 'message.send.max.retries': '3' }, { retries: 3 }],
    [{ 'retry.backoff.ms': 1 }, { retryBackoffMs: 1 }],
    [{ 'retry.backoff.max.ms': 300_000 }, { retryBackoffMaxMs: 300_000 }],
    [{ 'linger.ms': 0 }, { lingerMs: 0, stickyLingerMs: 0 }],
    [{ 'linger.ms': '0.5' }, { lingerMs: 1, stickyLingerMs: 2 }],
    [
      { 'linger.ms': 600_000, 'message.timeout.ms': 0 },
      { lingerMs: 600_000, stickyLingerMs: 900_000 },
    ],
    [{ 'queue.buffering.max.ms': '1000' }, { lingerMs: 1_000, stickyLingerMs: 2_000 }],
    [{ 'message.timeout.ms': 5 }, { messageTimeoutMs: 5, lingerMs: 4, stickyLingerMs: 8 }],
    [{ 'batch.num.messages': '50000' }, { batchNumMessages: 50_000 }],
    [{ 'batch.size': '900000' }, { batchSizeBytes: 900_000 }],
    [
      { 'batch.size': '2000000', 'message.max.bytes': 3_000_000 },
      { batchSizeBytes: 2_000_000, messageMaxBytes: 3_000_000 },
    ],
    [{ 'message.max.bytes': 1000 }, { messageMaxBytes: 1_000, batchSizeBytes: 1_000 }],
    [{ 'compression.codec': 'snappy' }, { compression: 'snappy' }],
    [{ 'compression.type': 'GZIP' }, { compression: 'gzip' }],
    [{ 'compression.codec': 'lz4' }, { compression: 'lz4' }],
    [
      { 'compression.codec': 'zstd', 'compression.level': 12 },
      { compression: 'zstd', compressionLevel: 12 },
    ],
    [{ 'compression.level': '12' }, { compressionLevel: 12 }],
    [
      { 'compression.level': '12', 'compression.codec': 'gzip' },
      { compression: 'gzip', compressionLevel: 9 },
    ],
    ...PARTITIONERS.map((partitioner): [Raw, Partial<KafkaSettings>] => [{ partitioner }, { partitioner }]),
    [{ partitioner: 'MURMUR2' }, { partitioner: 'murmur2' }],
    [{ 'sticky.partitioning.linger.ms': '0' }, { stickyLingerMs: 0 }],
    [{ 'sticky.partitioning.linger.ms': 900_000 }, { stickyLingerMs: 900_000 }],
    [{ 'queue.buffering.max.messages': '500000' }, { share: { messages: 500_000, bytes: Infinity } }],
    [{ 'queue.buffering.max.kbytes': 1 }, { share: { messages: Infinity, bytes: 1024 } }],
    [{ 'queue.buffering.max.messages': 7, 'queue.buffering.max.kbytes': '2' }, { share: { messages: 7, bytes: 2048 } }],
    [{ 'queue.buffering.max.messages': 0 }, { share: undefined }],
    [{ 'statistics.interval.ms': '0' }, { statisticsIntervalMs: 0 }],
    [{ 'statistics.interval.ms': 1 }, { statisticsIntervalMs: 1_000 }],
    [{ 'statistics.interval.ms': '60000' }, { statisticsIntervalMs: 60_000 }],
    [{ debug: '' }, {}],
    [{ debug: 'broker, Topic,msg' }, { log: { debug: true, level: 7 } }],
    [{ debug: 'all', log_level: 3 }, { log: { debug: true, level: 7 } }],
    [{ log_level: '3' }, { log: { debug: false, level: 3 } }],
    [{ 'log.connection.close': 'false' }, { logConnectionClose: false }],
    [{ 'enable.idempotence': 'true' }, { idempotence: 'required' }],
    [{ 'enable.idempotence': false }, { idempotence: 'off' }],
    [{ 'max.in.flight': 5 }, { maxInFlight: 5 }],
    [{ 'max.in.flight.requests.per.connection': '1' }, { maxInFlight: 1 }],
    [{ 'socket.timeout.ms': 10 }, { socketTimeoutMs: 10 }],
    [{ 'socket.connection.setup.timeout.ms': 1000 }, { connectionSetupTimeoutMs: 1_000 }],
    [{ 'socket.keepalive.enable': 'True' }, { keepAlive: true }],
    [{ 'socket.nagle.disable': '0' }, { noDelay: false }],
    [{ 'reconnect.backoff.ms': 0 }, { reconnectBackoffMs: 0 }],
    [{ 'reconnect.backoff.max.ms': 500 }, { reconnectBackoffMaxMs: 500 }],
    [{ 'topic.metadata.refresh.interval.ms': -1 }, { metadataRefreshIntervalMs: -1 }],
    [{ 'allow.auto.create.topics': 'false' }, { allowAutoCreateTopics: false }],
    [{ 'security.protocol': 'PLAINTEXT' }, {}],
  ])('%j', (raw, expected) => {
    const given = 'metadata.broker.list' in raw ? raw : { ...BROKER, ...raw };
    const decoded = decodeKafkaSettings(given, PATH);
    expect(decoded).toEqual(E.right({ ...DEFAULTS, ...expected }));
  });

  it.each<[unknown, string]>([
    [[], ': expected an object of librdkafka settings, got a list'],
    [null, ': expected an object of librdkafka settings, got null'],
    [{}, '.bootstrap.servers: expected brokers as host:port, with commas between them, got nothing'],
    [{ 'bootstrap.servers': ' , ' }, '.bootstrap.servers: expected brokers as host:port'],
    [{ 'bootstrap.servers': 'a:0' }, '.bootstrap.servers: expected brokers as host:port'],
    [{ 'bootstrap.servers': 'a:65536' }, '.bootstrap.servers: expected brokers as host:port'],
    [{ 'bootstrap.servers': 'a,b c' }, '.bootstrap.servers: expected brokers as host:port'],
    [
      { 'bootstrap.servers': ['a'] },
      '.bootstrap.servers: expected brokers as host:port, with commas between them, got a list',
    ],
    [{ 'metadata.broker.list': '://a' }, '.metadata.broker.list: expected brokers as host:port'],
    [{ ...BROKER, 'client.id': '' }, '.client.id: expected a non-empty string, got ""'],
    [{ ...BROKER, acks: 2 }, '.acks: expected all (or -1), 1 or 0, got 2'],
    [{ ...BROKER, acks: true }, '.acks: expected all (or -1), 1 or 0, got true'],
    [
      { ...BROKER, 'request.required.acks': 'some' },
      '.request.required.acks: expected all (or -1), 1 or 0, got "some"',
    ],
    [{ ...BROKER, 'request.timeout.ms': 0 }, '.request.timeout.ms: expected a whole number from 1 to 900000, got 0'],
    [
      { ...BROKER, 'message.timeout.ms': '5s' },
      '.message.timeout.ms: expected a whole number from 0 to 2147483647, got "5s"',
    ],
    [
      { ...BROKER, 'message.timeout.ms': 5, 'linger.ms': 5 },
      '.message.timeout.ms: expected more than linger.ms (5), or 0, got 5',
    ],
    [
      { ...BROKER, 'linger.ms': 300_000 },
      '.message.timeout.ms: expected more than linger.ms (300000), or 0, got 300000',
    ],
    [{ ...BROKER, retries: -1 }, '.retries: expected a whole number from 0 to 2147483647, got -1'],
    [{ ...BROKER, 'retry.backoff.ms': 0 }, '.retry.backoff.ms: expected a whole number from 1 to 300000'],
    [{ ...BROKER, 'retry.backoff.max.ms': 300_001 }, '.retry.backoff.max.ms: expected a whole number from 1 to 300000'],
    [
      { ...BROKER, 'queue.buffering.max.ms': 900_001 },
      '.queue.buffering.max.ms: expected a number from 0 to 900000, got 900001',
    ],
    [
      { ...BROKER, 'batch.num.messages': '1000001' },
      '.batch.num.messages: expected a whole number from 1 to 1000000, got "1000001"',
    ],
    [{ ...BROKER, 'batch.size': 0 }, '.batch.size: expected a whole number from 1 to 2147483647'],
    [{ ...BROKER, 'message.max.bytes': 999 }, '.message.max.bytes: expected a whole number from 1000 to 1000000000'],
    [
      { ...BROKER, 'compression.codec': 'brotli' },
      '.compression.codec: expected one of none, gzip, snappy, lz4, zstd, got "brotli"',
    ],
    [{ ...BROKER, 'compression.level': 13 }, '.compression.level: expected a whole number from -1 to 12, got 13'],
    [
      { ...BROKER, partitioner: 'murmur3' },
      '.partitioner: expected one of random, consistent, consistent_random, murmur2, murmur2_random, fnv1a, fnv1a_random, got "murmur3"',
    ],
    [
      { ...BROKER, 'sticky.partitioning.linger.ms': 900_001 },
      '.sticky.partitioning.linger.ms: expected a whole number from 0 to 900000, got 900001',
    ],
    [
      { ...BROKER, 'queue.buffering.max.messages': -1 },
      '.queue.buffering.max.messages: expected a whole number from 0',
    ],
    [{ ...BROKER, 'queue.buffering.max.kbytes': 0 }, '.queue.buffering.max.kbytes: expected a whole number from 1'],
    [
      { ...BROKER, 'statistics.interval.ms': 86_400_001 },
      '.statistics.interval.ms: expected a whole number from 0 to 86400000',
    ],
    [
      { ...BROKER, debug: 'broker,everything' },
      '.debug: expected debug contexts of librdkafka such as broker,topic,msg or all, got "broker,everything"',
    ],
    [{ ...BROKER, debug: true }, '.debug: expected debug contexts of librdkafka'],
    [{ ...BROKER, log_level: 8 }, '.log_level: expected a whole number from 0 to 7, got 8'],
    [{ ...BROKER, 'log.connection.close': 'no' }, '.log.connection.close: expected true or false, got "no"'],
    [{ ...BROKER, 'enable.idempotence': 'yes' }, '.enable.idempotence: expected true or false, got "yes"'],
    [
      { ...BROKER, 'enable.idempotence': true, acks: 1 },
      '.acks: expected all, since enable.idempotence is true, got 1',
    ],
    [
      { ...BROKER, 'enable.idempotence': true, retries: 0 },
      '.retries: expected 1 or more, since enable.idempotence is true, got 0',
    ],
    [{ ...BROKER, 'max.in.flight': 0 }, '.max.in.flight: expected a whole number from 1 to 1000000, got 0'],
    [{ ...BROKER, 'socket.timeout.ms': 9 }, '.socket.timeout.ms: expected a whole number from 10 to 300000, got 9'],
    [
      { ...BROKER, 'socket.connection.setup.timeout.ms': 999 },
      '.socket.connection.setup.timeout.ms: expected a whole number from 1000',
    ],
    [{ ...BROKER, 'socket.keepalive.enable': 2 }, '.socket.keepalive.enable: expected true or false, got 2'],
    [{ ...BROKER, 'socket.nagle.disable': {} }, '.socket.nagle.disable: expected true or false, got an object'],
    [{ ...BROKER, 'reconnect.backoff.ms': -1 }, '.reconnect.backoff.ms: expected a whole number from 0 to 3600000'],
    [
      { ...BROKER, 'reconnect.backoff.max.ms': 99 },
      '.reconnect.backoff.max.ms: expected at least reconnect.backoff.ms (100), got 99',
    ],
    [
      { ...BROKER, 'topic.metadata.refresh.interval.ms': -2 },
      '.topic.metadata.refresh.interval.ms: expected a whole number from -1 to 3600000',
    ],
    [{ ...BROKER, 'allow.auto.create.topics': 'maybe' }, '.allow.auto.create.topics: expected true or false'],
    [
      { 'bootstrap.servers': 'a,ssl://b' },
      '.bootstrap.servers: expected brokers without a protocol, or with that of security.protocol (plaintext), got ssl://',
    ],
    [
      { ...BROKER, 'bootstrap.server': 'a' },
      '.bootstrap.server: expected a setting of librdkafka (did you mean bootstrap.servers?), got an unknown name',
    ],
    [{ ...BROKER, Acks: 'all' }, '.Acks: expected a setting of librdkafka (did you mean acks?), got an unknown name'],
    [
      { ...BROKER, 'fetch.rate.of.the.moon': 1 },
      '.fetch.rate.of.the.moon: expected a setting of librdkafka, got an unknown name',
    ],
    [
      JSON.parse('{"bootstrap.servers":"a","__proto__":{}}'),
      '.__proto__: expected a setting of librdkafka, got an unknown name',
    ],
    [{ ...BROKER, constructor: 1 }, '.constructor: expected a setting of librdkafka, got an unknown name'],
  ])('refuses %j', (raw, line) => expect(errorsOf(raw)).toEqual([expect.stringContaining(line)]));

  it('tells of all problems at once', () =>
    expect(
      errorsOf({ acks: 2, 'linger.ms': -1, lingr: 5, 'transactional.id': 'x' }).map((line) => line.split(':')[0]),
    ).toEqual(['.lingr', '.transactional.id', '.bootstrap.servers', '.acks', '.linger.ms']));

  it('shows no secret', () => {
    const secret = { 'sasl.password': 'hunter2', 'ssl.key.password': 'hunter2', 'my.password': 'hunter2' };
    expect(errorsOf({ ...BROKER, ...secret }).join()).not.toContain('hunter2');
    expect(warningsOf({ 'sasl.password': 'hunter2', 'ssl.key.password': 'hunter2' }).join()).not.toContain('hunter2');
  });

  it('lets the later of two names of a setting count, with a warning', () => {
    const raw = { 'linger.ms': 1, 'queue.buffering.max.ms': 2 };
    expect(settingsOf(raw).lingerMs).toBe(2);
    expect(warningsOf(raw)).toEqual([
      `b: ${PATH}.linger.ms: expected one name for one setting, got the same setting as queue.buffering.max.ms, which counts`,
    ]);
  });

  it('counts null as what is left out when two names stand for one setting', () =>
    expect(settingsOf({ 'linger.ms': 1, 'queue.buffering.max.ms': null }).lingerMs).toBe(5));

  it.each<[Raw, Partial<KafkaSettings>, string]>([
    [
      { 'batch.size': 2_000_000 },
      { batchSizeBytes: 1_000_000 },
      'batch.size: expected at most message.max.bytes (1000000), which bounds record batches too, got 2000000',
    ],
    [
      { 'batch.size': 50_000_000, 'message.max.bytes': 60_000_000 },
      { batchSizeBytes: 16_777_216, messageMaxBytes: 60_000_000 },
      'batch.size: expected at most 16777216, which is used, got 50000000',
    ],
    [
      { 'retry.backoff.ms': 5_000 },
      { retryBackoffMs: 5_000, retryBackoffMaxMs: 1_000 },
      'retry.backoff.ms: expected at most retry.backoff.max.ms (1000), which every pause has now, got 5000',
    ],
    [
      { 'compression.codec': 'lz4', 'compression.level': 9 },
      { compression: 'lz4' },
      'compression.level: expected 0 or -1, since lz4 has one level here, got 9',
    ],
    [
      { 'compression.codec': 'snappy', 'compression.level': 1 },
      { compression: 'snappy' },
      'compression.level: expected 0 or -1, since snappy has one level here, got 1',
    ],
  ])('takes %j with a warning', (raw, expected, line) => {
    expect(settingsOf(raw)).toMatchObject(expected);
    expect(warningsOf(raw)).toEqual([`b: ${PATH}.${line}`]);
  });

  it('takes any max.in.flight with idempotence, where librdkafka takes five', () =>
    expect(settingsOf({ 'enable.idempotence': true, 'max.in.flight': 6 })).toEqual({
      ...DEFAULTS,
      idempotence: 'required',
      maxInFlight: 6,
    }));

  it('takes the settings of the sample of kahego without a warning', () =>
    expect(
      warningsOf({
        'bootstrap.servers': 'kafka1:29092',
        acks: 'all',
        'compression.codec': 'snappy',
        'batch.num.messages': '50000',
        'queue.buffering.max.messages': '500000',
        'queue.buffering.max.ms': '1000',
      }),
    ).toEqual([]));
});

describe('kafkaLimits', () => {
  it("are librdkafka's linger and record batch", () => {
    expect(kafkaLimits(settingsOf({}))).toEqual({ ms: 5, count: 10_000 });
    expect(kafkaLimits(settingsOf({ 'linger.ms': 50, 'batch.num.messages': 7 }))).toEqual({ ms: 50, count: 7 });
  });
});
