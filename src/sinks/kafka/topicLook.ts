import { readBrokers, topicNames, type BrokerAddress, type Request } from './requests';

/** What the cluster says of a topic to who asks what he may do with it. */
export interface TopicLook {
  readonly topic: string;
  readonly code: number;
  /** The broker that leads each partition; -1 where there is none now. */
  readonly leaders: readonly number[];
  readonly mayWrite: boolean;
}

export interface Look {
  readonly brokers: readonly BrokerAddress[];
  readonly topics: readonly TopicLook[];
}

/** Bit of the operation Write in Kafka's `authorizedOperations` (KIP-430). */
const WRITE = 1 << 4;

/** A Metadata request that makes no topic, and asks what may be done with each of `topics` (Kafka 2.3 and later). */
export const lookRequest = (topics: readonly string[]): Request<Look> => ({
  api: 'Metadata',
  key: 3,
  versions: [8, 8],
  encode: () => topicNames(topics).int8(0).int8(0).int8(1).end(),
  decode: (response) => {
    const brokers = readBrokers(response);
    const readTopic = (): TopicLook => {
      const code = response.int16();
      const topic = response.string() ?? '';
      response.skip(1);
      const leaders = response.array(() => {
        response.skip(2 + 4);
        const leader = response.int32();
        response.skip(4);
        for (let list = 0; list < 3; list += 1) response.array(() => response.int32());
        return leader;
      });
      return { topic, code, leaders, mayWrite: (response.int32() & WRITE) !== 0 };
    };
    return { brokers, topics: response.array(readTopic) };
  },
});
