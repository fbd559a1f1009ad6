import type { ByteReader } from './byteReader';
import { ByteWriter } from './byteWriter';

/** A request as the wire carries it, and how its response is read. `key` and `versions` as in Kafka's protocol guide. */
export interface Request<A> {
  readonly api: string;
  readonly key: number;
  /** The lowest and highest version that `encode` and `decode` know. */
  readonly versions: readonly [number, number];
  readonly encode: () => readonly Buffer[];
  readonly decode: (response: ByteReader, version: number) => A;
  /** The broker sends no answer; this stands for it once the request has left. */
  readonly unanswered?: A;
  /** Record batches that it carries. */
  readonly contents?: () => readonly Content[];
}

/** One partition's record batch, as it is counted. */
export interface Content {
  readonly topic: string;
  readonly partition: number;
  readonly messages: number;
}

/** One partition's record batch. */
export interface PartitionData {
  readonly topic: string;
  readonly partition: number;
  readonly header: Buffer;
  readonly payload: Buffer;
}

/** What the broker says of one partition's record batch. */
export interface PartitionAnswer {
  readonly topic: string;
  readonly partition: number;
  readonly code: number;
  /** The records that an error 87 is about, by their place in the batch. */
  readonly records: readonly { readonly index: number; readonly message: string | undefined }[];
  readonly message: string | undefined;
}

export interface ProduceAnswer {
  readonly partitions: readonly PartitionAnswer[];
  /** How long the broker wants to be left alone. */
  readonly throttleMs: number;
}

/** In a record batch's header. */
const RECORD_COUNT_AT = 57;

/** A Produce request for all of `data`; `timeoutMs` is how long the broker may wait for replicas. */
export const produceRequest = (
  data: readonly PartitionData[],
  acks: -1 | 0 | 1,
  timeoutMs: number,
): Request<ProduceAnswer> => ({
  api: 'Produce',
  key: 0,
  versions: [3, 8],
  encode: () => {
    const topics = new Map<string, PartitionData[]>();
    for (const one of data) {
      const same = topics.get(one.topic);
      if (same) same.push(one);
      else topics.set(one.topic, [one]);
    }
    const writer = new ByteWriter().string(undefined).int16(acks).int32(timeoutMs).int32(topics.size);
    for (const [topic, partitions] of topics) {
      writer.string(topic).int32(partitions.length);
      for (const { partition, header, payload } of partitions)
        writer
          .int32(partition)
          .int32(header.length + payload.length)
          .piece(header)
          .piece(payload);
    }
    return writer.end();
  },
  decode: (response, version) => ({
    partitions: response
      .array(() => {
        const topic = response.string() ?? '';
        return response.array(() => partitionAnswer(topic, response, version));
      })
      .flat(),
    throttleMs: response.int32(),
  }),
  contents: () =>
    data.map(({ topic, partition, header }) => ({ topic, partition, messages: header.readInt32BE(RECORD_COUNT_AT) })),
  ...(acks === 0 && { unanswered: { partitions: data.map(presumed), throttleMs: 0 } }),
});

const presumed = ({ topic, partition }: PartitionData): PartitionAnswer => ({
  topic,
  partition,
  code: 0,
  records: [],
  message: undefined,
});

const partitionAnswer = (topic: string, response: ByteReader, version: number): PartitionAnswer => {
  const partition = response.int32();
  const code = response.int16();
  response.skip(version >= 5 ? 24 : 16);
  if (version < 8) return { topic, partition, code, records: [], message: undefined };
  const records = response.array(() => ({ index: response.int32(), message: response.string() }));
  return { topic, partition, code, records, message: response.string() };
};

export interface BrokerAddress {
  readonly id: number;
  readonly host: string;
  readonly port: number;
}

/** What the cluster says of one topic. */
export interface TopicAnswer {
  readonly topic: string;
  readonly code: number;
  /** The broker that leads each partition, by the partition's number; -1 where there is none now. */
  readonly leaders: readonly number[];
}

export interface MetadataAnswer {
  readonly brokers: readonly BrokerAddress[];
  readonly topics: readonly TopicAnswer[];
}

/** What a Metadata request begins with. */
export const topicNames = (topics: readonly string[]): ByteWriter => {
  const writer = new ByteWriter().int32(topics.length);
  for (const topic of topics) writer.string(topic);
  return writer;
};

/** Reads what a Metadata response says before its topics: of all of it, the brokers. */
export const readBrokers = (response: ByteReader): readonly BrokerAddress[] => {
  response.int32();
  const brokers = response.array(() => {
    const broker = { id: response.int32(), host: response.string() ?? '', port: response.int32() };
    response.string();
    return broker;
  });
  response.string();
  response.int32();
  return brokers;
};

/** A Metadata request for `topics` alone (none: the brokers only). */
export const metadataRequest = (topics: readonly string[], autoCreate: boolean): Request<MetadataAnswer> => ({
  api: 'Metadata',
  key: 3,
  versions: [4, 4],
  encode: () =>
    topicNames(topics)
      .int8(autoCreate ? 1 : 0)
      .end(),
  decode: (response) => ({
    brokers: readBrokers(response),
    topics: response.array(() => topicAnswer(response)),
  }),
});

const topicAnswer = (response: ByteReader): TopicAnswer => {
  const code = response.int16();
  const topic = response.string() ?? '';
  response.skip(1);
  const led = response.array(() => {
    response.int16();
    const partition = response.int32();
    const leader = response.int32();
    response.array(() => response.int32());
    response.array(() => response.int32());
    return { partition, leader };
  });
  // Partitions are numbered without gaps; anything else would be an answer to mistrust, not to allocate for.
  const leaders = led.map(() => -1);
  for (const { partition, leader } of led) if (partition in leaders) leaders[partition] = leader;
  return { topic, code, leaders };
};

export interface ProducerIdAnswer {
  readonly code: number;
  readonly producerId: bigint;
  readonly epoch: number;
}

/** Asks for a producer id outside any transaction. */
export const producerIdRequest: Request<ProducerIdAnswer> = {
  api: 'InitProducerId',
  key: 22,
  versions: [0, 1],
  encode: () => new ByteWriter().string(undefined).int32(2_147_483_647).end(),
  decode: (response) => {
    response.int32();
    return { code: response.int16(), producerId: response.int64(), epoch: response.int16() };
  },
};
