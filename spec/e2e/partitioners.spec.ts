import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { lastValueFrom, NEVER } from 'rxjs';
import type { PartitionerName } from '../../src/sinks/kafka/settings';
import { encodeFrame } from '../../src/wire/frame';
import { encodeRecord } from '../../src/wire/record';
import { batchOfRun } from '../../src/testing/builders';
import { brokers, describeKafka, freshTopic } from '../support/endToEnd';
import { messagesOfTopic, type Message } from '../support/kcat';
import { openKafka } from '../support/openKafka';
import { createTopic } from '../support/topics';

jest.setTimeout(60_000);

const PARTITIONS = 7;
/** Between key and message on kcat's input; in no key. */
const DELIMITER = '|';
/** Of messages with a null and with an empty key each. */
const WITHOUT_KEY = 60;

/** A message, named by its value; `undefined` is a null key. */
interface Keyed {
  readonly key: Buffer | undefined;
  readonly value: string;
}

/** Every byte that kcat takes in a key, once as a key of its own. */
const BYTES = Array.from({ length: 255 }, (_, n) => n + 1).filter(
  (byte) => byte !== 0x0a && byte !== DELIMITER.charCodeAt(0),
);

const KEYS: readonly Buffer[] = [
  ...BYTES.map((byte) => Buffer.of(byte)),
  ...Array.from({ length: 300 }, (_, n) => Buffer.from(`key-${n}`)),
  ...Array.from({ length: 255 }, (_, n) => Buffer.alloc(n + 1, Buffer.from(BYTES.slice(n % 200)))),
  ...['äöü', 'ключ', '鍵', '🔑', 'tenant/17', '550e8400-e29b-41d4-a716-446655440000'].map((key) => Buffer.from(key)),
  ...[256, 257, 258, 1000, 65_535].map((length) => Buffer.alloc(length, 'long key ')),
];

const withKeys: readonly Keyed[] = KEYS.map((key, n) => ({ key, value: `with ${n}` }));
const repeated = (name: string, key: Buffer | undefined): readonly Keyed[] =>
  Array.from({ length: WITHOUT_KEY }, (_, n) => ({ key, value: `${name} ${n}` }));

const ALL: readonly Keyed[] = [
  ...withKeys,
  ...repeated('null', undefined),
  ...repeated('empty', Buffer.alloc(0)),
  ...repeated('same', Buffer.from('same')),
];

const produceByKcat = async (topic: string, partitioner: PartitionerName): Promise<void> => {
  const settings = [`partitioner=${partitioner}`, 'sticky.partitioning.linger.ms=0'].flatMap((one) => ['-X', one]);
  const kcat = spawn('kcat', ['-P', '-b', brokers(), '-t', topic, '-K', DELIMITER, ...settings], {
    stdio: ['pipe', 'ignore', 'pipe'],
  });
  let errors = '';
  kcat.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const lines = ALL.map(({ key, value }) =>
    Buffer.concat([...(key ? [key, Buffer.from(DELIMITER)] : []), Buffer.from(`${value}\n`)]),
  );
  kcat.stdin.end(Buffer.concat(lines));
  await once(kcat, 'close');
  if (kcat.exitCode !== 0) throw new Error(`kcat could not write: ${errors}`);
};

const produceByKahets = async (topic: string, partitioner: PartitionerName): Promise<void> => {
  const sink = await openKafka(brokers(), { partitioner, 'sticky.partitioning.linger.ms': 0 });
  const messages = ALL.map(({ key, value }) =>
    key && key.length > 0 && key.length < 256 ? encodeFrame(topic, value, key) : encodeRecord(topic, value, { key }),
  );
  await lastValueFrom(sink.write(batchOfRun(topic, messages, Date.now()), NEVER));
  await sink.close();
};

/** Each message's partition, by its value; every key is there as it was sent. */
const placesIn = async (topic: string): Promise<ReadonlyMap<string, number>> => {
  const keys = new Map(ALL.map(({ key, value }) => [value, key?.toString('latin1')]));
  const found = await messagesOfTopic(brokers(), topic);
  expect(found).toHaveLength(ALL.length);
  const nameOf = ({ value }: Message): string => String(value);
  const wrong = found.filter((message) => message.key?.toString('latin1') !== keys.get(nameOf(message)));
  expect(wrong.map(nameOf)).toEqual([]);
  return new Map(found.map((message) => [nameOf(message), message.partition]));
};

const only = (places: ReadonlyMap<string, number>, name: string): ReadonlyMap<string, number> =>
  new Map([...places].filter(([value]) => value.startsWith(`${name} `)));

const spread = (places: ReadonlyMap<string, number>): number => new Set(places.values()).size;

/** Whether messages go where a hash says (`hash`), or anywhere (`any`): with a key, with none, with an empty one. */
type Way = 'hash' | 'any';
const PARTITIONERS: readonly (readonly [PartitionerName, keyed: Way, none: Way, empty: Way])[] = [
  ['random', 'any', 'any', 'any'],
  ['consistent', 'hash', 'hash', 'hash'],
  ['consistent_random', 'hash', 'any', 'any'],
  ['murmur2', 'hash', 'hash', 'hash'],
  ['murmur2_random', 'hash', 'any', 'hash'],
  ['fnv1a', 'hash', 'hash', 'hash'],
  ['fnv1a_random', 'hash', 'any', 'hash'],
];

describeKafka('messages go where librdkafka sends them', () => {
  it.each(PARTITIONERS)('by %s (keys: %s, null: %s, empty: %s)', async (name, keyed, none, empty) => {
    const [theirs, ours] = [freshTopic('librdkafka'), freshTopic('kahets')];
    await Promise.all([createTopic(brokers(), theirs, PARTITIONS), createTopic(brokers(), ours, PARTITIONS)]);
    await Promise.all([produceByKcat(theirs, name), produceByKahets(ours, name)]);
    const [expected, found] = await Promise.all([placesIn(theirs), placesIn(ours)]);

    const kinds = [
      ['with', keyed],
      ['same', keyed],
      ['null', none],
      ['empty', empty],
    ] as const;
    for (const [kind, way] of kinds) {
      const [there, here] = [only(expected, kind), only(found, kind)];
      if (way === 'hash') expect([kind, [...here].sort()]).toEqual([kind, [...there].sort()]);
      // That 60 messages by chance meet no more than four of seven partitions has odds of one in 10^13.
      else for (const places of [there, here]) expect([kind, spread(places) > 4]).toEqual([kind, true]);
    }
    expect(spread(only(found, 'with'))).toBe(PARTITIONS);
  });
});
