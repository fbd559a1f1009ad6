import * as E from 'fp-ts/Either';
import { BehaviorSubject } from 'rxjs';
import type { Brokers, Reachability } from '../../../src/sinks/kafka/brokers';
import { ByteReader } from '../../../src/sinks/kafka/byteReader';
import type { RequestFailure } from '../../../src/sinks/kafka/connection';
import type { PartitionAnswer, ProduceAnswer, ProducerIdAnswer, TopicAnswer } from '../../../src/sinks/kafka/requests';
import { decodeRecords } from './decodeRecords';

/** A record batch as it came to a broker. */
export interface Arrived {
  readonly topic: string;
  readonly partition: number;
  readonly broker: number;
  readonly values: readonly string[];
  readonly producerId: string;
  readonly firstSequence: number;
  /** Header and payload, to compare resends. */
  readonly bytes: Buffer;
  /** Which attempt with these bytes this is, from 1. */
  readonly attempt: number;
}

/**
 * What a broker does with a record batch: answers with `code` (0: as a broker would, checking sequences), or leaves without
 * an answer. `append`: whether it keeps the batch all the same.
 */
export type Doing =
  | { readonly code: number; readonly append?: boolean; readonly records?: readonly number[] }
  | { readonly lost: 'before' | 'after'; readonly append?: boolean }
  | { readonly leftOut: true }
  | { readonly until: Promise<Doing> };

export interface FakeBrokers extends Brokers {
  /** Values in each partition of a topic. */
  stored(topic: string): readonly (readonly string[])[];
  readonly arrived: Arrived[];
  /** Batches in each request, in order. */
  readonly requests: number[];
  /** How long each request lets the broker wait for replicas. */
  readonly timeoutsMs: number[];
  /** What it does with batches; by default it takes them. */
  doing: (batch: Arrived) => Doing;
  /** What it says of a topic; by default three partitions led by brokers 1, 2 and 1. */
  topic: (name: string) => Omit<TopicAnswer, 'topic'>;
  /** What it says when asked for a producer id; by default the next number. */
  newId: (next: bigint) => ProducerIdAnswer;
  throttleMs: number;
  readonly asked: string[][];
  readonly unreachable: Set<number>;
  readonly health: BehaviorSubject<Reachability>;
  closed: boolean;
}

interface Book {
  readonly values: string[];
  /** By producer id: the sequence that must come next, and the batch before it. */
  readonly producers: Map<string, { next: number; last: number }>;
}

const OK: Doing = { code: 0 };
const LOST: RequestFailure = { kind: 'unknown', message: 'connection lost' };

/** A cluster in memory that keeps the producer's contract: sequences are checked and resends recognised as a broker does. */
export const fakeBrokers = (): FakeBrokers => {
  const books = new Map<string, Book>();
  const attempts = new Map<string, number>();
  let lastId = 1000n;

  const bookOf = (topic: string, partition: number): Book => {
    const key = `${topic}/${partition}`;
    const book = books.get(key) ?? { values: [], producers: new Map() };
    books.set(key, book);
    return book;
  };

  /** Appends as a broker does, and says with which code. */
  const append = ({ topic, partition, values, producerId, firstSequence }: Arrived): number => {
    const book = bookOf(topic, partition);
    const known = book.producers.get(producerId);
    if (producerId !== '-1' && known) {
      if (firstSequence === known.last) return 0;
      if (firstSequence !== known.next) return 45;
    }
    book.producers.set(producerId, { next: (firstSequence + values.length) % 2 ** 31, last: firstSequence });
    book.values.push(...values);
    return 0;
  };

  const read = async (broker: number, pieces: readonly Buffer[]): Promise<readonly Arrived[]> => {
    const reader = new ByteReader(Buffer.concat(pieces));
    reader.string();
    reader.int16();
    fake.timeoutsMs.push(reader.int32());
    const batches = reader
      .array(() => {
        const topic = reader.string() ?? '';
        return reader.array(() => ({ topic, partition: reader.int32(), bytes: reader.skip(reader.int32()) }));
      })
      .flat();
    return Promise.all(
      batches.map(async ({ topic, partition, bytes }) => {
        const { records, producerId, firstSequence } = await decodeRecords(bytes.subarray(0, 61), bytes.subarray(61));
        const attempt = (attempts.get(bytes.toString('latin1')) ?? 0) + 1;
        attempts.set(bytes.toString('latin1'), attempt);
        const values = records.map(({ value }) => value?.toString() ?? '');
        return { topic, partition, broker, values, producerId, firstSequence, bytes: Buffer.from(bytes), attempt };
      }),
    );
  };

  const act = async (batch: Arrived, doing: Doing): Promise<PartitionAnswer | 'lost' | undefined> => {
    if ('until' in doing) return act(batch, await doing.until);
    if ('leftOut' in doing) return undefined;
    if ('lost' in doing) {
      if (doing.lost === 'after') append(batch);
      return 'lost';
    }
    if (doing.append) append(batch);
    const code = doing.code === 0 ? append(batch) : doing.code;
    const records = (doing.records ?? []).map((index) => ({ index, message: `record ${index} is bad` }));
    return { topic: batch.topic, partition: batch.partition, code, records, message: undefined };
  };

  const fake: FakeBrokers = {
    arrived: [],
    requests: [],
    timeoutsMs: [],
    asked: [],
    unreachable: new Set(),
    health: new BehaviorSubject<Reachability>({ state: 'up' }),
    closed: false,
    throttleMs: 0,
    doing: () => OK,
    topic: () => ({ code: 0, leaders: [1, 2, 1] }),
    newId: (next) => ({ code: 0, producerId: next, epoch: 0 }),
    stored: (topic) => [0, 1, 2].map((partition) => bookOf(topic, partition).values),

    get health$() {
      return fake.health;
    },
    isConnected: (broker) => !fake.unreachable.has(broker),
    connect: (broker) => Promise.resolve(fake.unreachable.has(broker) ? E.left('refused') : E.right(undefined)),
    async produce(broker, request): Promise<E.Either<RequestFailure, ProduceAnswer>> {
      if (fake.unreachable.has(broker)) return E.left({ kind: 'not_sent', message: 'not connected' });
      const batches = await read(broker, request.encode());
      fake.requests.push(batches.length);
      fake.arrived.push(...batches);
      const answers = await Promise.all(batches.map((batch) => act(batch, fake.doing(batch))));
      const { throttleMs } = fake;
      fake.throttleMs = 0;
      if (answers.includes('lost')) return E.left(LOST);
      return E.right({ partitions: answers.filter((one) => one !== undefined && one !== 'lost'), throttleMs });
    },
    topics(names) {
      fake.asked.push([...names]);
      return Promise.resolve(E.right(names.map((topic) => ({ topic, ...fake.topic(topic) }))));
    },
    producerId() {
      const answer = fake.newId((lastId += 1n));
      return Promise.resolve(E.right(answer));
    },
    close: () => (fake.closed = true),
  };
  return fake;
};
