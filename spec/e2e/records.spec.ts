import { once } from 'node:events';
import { connect } from 'node:net';
import { NO_OPTIONS, type Batch, type Rest, type StreamOptions } from '../../src/model';
import { ByteReader } from '../../src/sinks/kafka/byteReader';
import { ByteWriter } from '../../src/sinks/kafka/byteWriter';
import { encodeHeader, sequenceAfter } from '../../src/sinks/kafka/header';
import { createBuffers } from '../../src/sinks/kafka/buffers';
import { RecordBatch } from '../../src/sinks/kafka/recordBatch';
import { produceRequest, producerIdRequest, type Request } from '../../src/sinks/kafka/requests';
import { encodeFrame } from '../../src/wire/frame';
import { encodeRecord } from '../../src/wire/record';
import { batchOfRun, messagesOf } from '../../src/testing/builders';
import { written } from '../../src/testing/written';
import { brokers, describeKafka, freshTopic } from '../support/endToEnd';
import { runKafkaTool } from '../support/kafkaJars';
import { messagesOfTopic } from '../support/kcat';
import { openKafka } from '../support/openKafka';
import { createTopic } from '../support/topics';

jest.setTimeout(60_000);

const ARRIVED = Date.now();
const DAY = 86_400_000;

const batchOf = (bucket: string, messages: readonly Buffer[]): Batch => batchOfRun(bucket, messages, ARRIVED);

/** Writes through the sink and closes it; what it did not take. */
const write = async (batch: Batch, settings: object = {}, options?: StreamOptions): Promise<readonly Rest[]> => {
  const sink = await openKafka(brokers(), settings, {}, options);
  const { receipts, rest } = await written(sink, batch);
  await sink.close();
  expect([...receipts, ...rest].reduce((sum, { batch: { count } }) => sum + count, 0)).toBe(batch.count);
  return rest;
};

/** What a record can say, beside version 1 frames, in the order of writing. */
const everything = (topic: string): readonly Buffer[] => [
  encodeFrame(topic, 'version 1', 'key'),
  encodeRecord(topic, 'headers', {
    key: 'key',
    headers: [
      ['trace', '1'],
      ['empty', ''],
      ['trace', '2'],
      ['none', null],
      ['näme', 'wört'],
    ],
  }),
  encodeFrame(topic, 'version 1 again', 'key'),
  encodeRecord(topic, 'earlier', { key: 'key', timestampMs: ARRIVED - 5 }),
  encodeRecord(topic, 'much earlier', { key: 'key', timestampMs: ARRIVED - 100 * DAY }),
  encodeRecord(topic, 'later', { key: 'key', timestampMs: ARRIVED + 1_800_000 }),
  encodeFrame(topic, 'no key'),
  encodeRecord(topic, 'null key'),
  encodeRecord(topic, 'empty key', { key: '' }),
  encodeRecord(topic, null, { key: 'tombstone' }),
  encodeRecord(topic, null, { headers: [['of', 'a tombstone without key']] }),
  encodeRecord(topic, '', { key: 'k'.repeat(300) }),
  encodeFrame(topic, 'last', 'key'),
];

interface Found {
  readonly key: string | null;
  readonly value: string | null;
  readonly headers: string;
  readonly timestampMs: number;
}

const EXPECTED: readonly (readonly [string | null, string | null, string, number])[] = [
  ['key', 'version 1', '', ARRIVED],
  ['key', 'headers', 'trace=1,empty=,trace=2,none=NULL,näme=wört', ARRIVED],
  ['key', 'version 1 again', '', ARRIVED],
  ['key', 'earlier', '', ARRIVED - 5],
  ['key', 'much earlier', '', ARRIVED - 100 * DAY],
  ['key', 'later', '', ARRIVED + 1_800_000],
  ['', 'no key', '', ARRIVED],
  [null, 'null key', '', ARRIVED],
  ['', 'empty key', '', ARRIVED],
  ['tombstone', null, '', ARRIVED],
  [null, null, 'of=a tombstone without key', ARRIVED],
  ['k'.repeat(300), '', '', ARRIVED],
  ['key', 'last', '', ARRIVED],
];

const text = (bytes: Buffer | null): string | null => bytes && bytes.toString();

const messagesIn = async (topic: string): Promise<readonly (Found & { readonly partition: number })[]> =>
  (await messagesOfTopic(brokers(), topic)).map(({ key, value, ...rest }) => ({
    ...rest,
    key: text(key),
    value: text(value),
  }));

describeKafka('what a record says, in Kafka', () => {
  describe.each(['none', 'snappy'])('with compression %s', (codec) => {
    it('is all there, in order with version 1 frames, for kcat', async () => {
      const topic = freshTopic('records');
      await createTopic(brokers(), topic, 1);
      expect(await write(batchOf(topic, everything(topic)), { 'compression.codec': codec })).toEqual([]);
      const found = await messagesIn(topic);
      expect(found.map(({ key, value, headers, timestampMs }) => [key, value, headers, timestampMs])).toEqual(EXPECTED);
    });
  });

  it('is all there for Kafka’s own consumer', async () => {
    const topic = freshTopic('records');
    await createTopic(brokers(), topic, 1);
    expect(await write(batchOf(topic, everything(topic)))).toEqual([]);
    const shown = ['timestamp', 'headers', 'key'].map((what) => `print.${what}=true`);
    const output = await runKafkaTool(
      'org.apache.kafka.tools.consumer.ConsoleConsumer',
      ...['--bootstrap-server', brokers(), '--topic', topic, '--from-beginning'],
      ...['--max-messages', `${EXPECTED.length}`, '--timeout-ms', '20000'],
      ...[...shown, 'null.literal=NULL'].flatMap((property) => ['--property', property]),
    );
    const asShown = ([key, value, headers, timestampMs]: (typeof EXPECTED)[number]): string =>
      [
        `CreateTime:${timestampMs}`,
        // Names and values are told apart by a colon here, and none is said so.
        headers.replaceAll('=', ':') || 'NO_HEADERS',
        key ?? 'NULL',
        value ?? 'NULL',
      ].join('\t');
    expect(output.trimEnd().split('\n')).toEqual(EXPECTED.map(asShown));
  });

  it('has its empty keys as they are and those of version 1 frames null, where the stream asks for that', async () => {
    const topic = freshTopic('keys');
    await createTopic(brokers(), topic, 1);
    const messages = [
      encodeFrame(topic, '1'),
      encodeRecord(topic, '2', { key: '' }),
      encodeRecord(topic, '3'),
      encodeFrame(topic, '4', 'key'),
    ];
    expect(await write(batchOf(topic, messages), {}, { ...NO_OPTIONS, emptyKey: 'null' })).toEqual([]);
    expect((await messagesIn(topic)).map(({ key, value }) => [key, value])).toEqual([
      [null, '1'],
      ['', '2'],
      [null, '3'],
      ['key', '4'],
    ]);
  });

  it('goes to the partition that it names, and nowhere when there is none of that number', async () => {
    const topic = freshTopic('partition');
    await createTopic(brokers(), topic, 3);
    const messages = [0, 1, 2, 3, 2, 1, 0].map((partition, n) =>
      encodeRecord(topic, `${n}`, { key: 'the same key', partition }),
    );
    const rest = await write(batchOf(topic, messages));
    expect(rest.map(({ batch, cause, written }) => [messagesOf(batch), cause, written])).toEqual([
      [['3'], { kind: 'poison', message: `partition 3 does not exist: topic ${topic} has 3, from 0 to 2` }, 'no'],
    ]);
    const found = await messagesIn(topic);
    expect([0, 1, 2].map((n) => found.filter(({ partition }) => partition === n).map(({ value }) => value))).toEqual([
      ['0', '6'],
      ['1', '5'],
      ['2', '4'],
    ]);
  });

  it('is too large where key, message and headers together are, and its neighbours arrive', async () => {
    const topic = freshTopic('sizes');
    await createTopic(brokers(), topic, 1);
    const record = (n: number, bytes: number): Buffer =>
      encodeRecord(topic, `${n}`, { key: 'k', headers: [['h', 'x'.repeat(bytes)]] });
    const messages = Array.from({ length: 200 }, (_, n) => record(n, n % 20 === 7 ? 5000 : 100 * (n % 9)));
    const rest = await write(batchOf(topic, messages), { 'batch.size': 2000, 'message.max.bytes': 4000 });
    expect(rest.map(({ batch, cause }) => [messagesOf(batch), cause])).toEqual([
      [
        messages.map((_, n) => `${n}`).filter((_, n) => n % 20 === 7),
        { kind: 'poison', message: 'message is larger than message.max.bytes (4000)' },
      ],
    ]);
    const kept = messages.map((_, n) => n).filter((n) => n % 20 !== 7);
    expect((await messagesIn(topic)).map(({ value, headers }) => [Number(value), headers.length])).toEqual(
      kept.map((n) => [n, 100 * (n % 9) + 2]),
    );
  });
});

describeKafka('sequence numbers that start over', () => {
  it('are those that a broker expects of a batch that reaches beyond the largest and of the one behind it', async () => {
    const topic = freshTopic('sequence');
    await createTopic(brokers(), topic, 1);
    const [host = '', port = ''] = brokers().split(':');
    const socket = connect(Number(port), host);
    await once(socket, 'connect');
    const responses = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;

    const ask = async <A>({ key, versions: [, version], encode, decode }: Request<A>): Promise<A> => {
      const body = new ByteWriter().int16(key).int16(version).int32(1).string('spec').end();
      const request = Buffer.concat([...body, ...encode()]);
      socket.write(Buffer.concat([...new ByteWriter().int32(request.length).end(), request]));
      let response = Buffer.alloc(0);
      while (response.length < 4 || response.length < 4 + response.readInt32BE(0))
        response = Buffer.concat([response, (await responses.next()).value as Buffer]);
      // Behind its length and the number of the request.
      return decode(new ByteReader(response.subarray(8)), version);
    };

    const { producerId, epoch } = await ask(producerIdRequest);
    const produce = async (first: number, values: readonly string[]): Promise<number | undefined> => {
      const records = new RecordBatch(createBuffers(2000), { count: 100, bytes: 1000 }, 1000);
      for (const value of values) {
        const frame = encodeFrame(topic, value);
        records.append(frame, 0, frame.length, topic.length, ARRIVED);
      }
      const { count, baseTimestamp, maxTimestamp, records: payload } = records;
      const sequence = { producerId, epoch, first };
      const header = encodeHeader({ count, baseTimestamp, maxTimestamp, codec: 0 }, sequence, payload);
      const { partitions } = await ask(produceRequest([{ topic, partition: 0, header, payload }], -1, 10_000));
      return partitions[0]?.code;
    };
    const first = 2 ** 31 - 3;
    const across = ['-3', '-2', '-1', '0', '1'];
    const next = sequenceAfter(first, across.length);
    const answers = [
      await produce(first, across),
      // A gap, and then the right number.
      await produce(next + 1, ['gap']),
      await produce(next, ['2', '3']),
      // Both are known when they come again.
      await produce(first, across),
      await produce(next, ['2', '3']),
    ];
    socket.destroy();
    expect(answers).toEqual([0, 45, 0, 0, 0]);
    expect((await messagesIn(topic)).map(({ value }) => value)).toEqual([...across, '2', '3']);
  });
});
