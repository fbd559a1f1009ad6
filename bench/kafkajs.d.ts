/** The inner part of kafkajs that topics.ts stands on; the package types only its outside. */
declare module 'kafkajs/src/cluster' {
  import type { Socket } from 'node:net';

  interface Logger {
    namespace(name: string): Logger;
    error(): void;
    warn(): void;
    info(): void;
    debug(): void;
  }

  interface Partition {
    readonly partition: number;
  }

  class Cluster {
    constructor(options: {
      readonly brokers: readonly string[];
      readonly logger: Logger;
      readonly socketFactory: (address: { host: string; port: number; onConnect: () => void }) => Socket;
      readonly connectionTimeout: number;
      readonly allowAutoTopicCreation: boolean;
    });
    connect(): Promise<void>;
    disconnect(): Promise<void>;
    addMultipleTargetTopics(topics: readonly string[]): Promise<void>;
    /** Partitions by topic, once metadata of the topic has come. */
    findTopicPartitionMetadata(topic: string): readonly { readonly partitionId: number }[];
    fetchTopicsOffset(
      topics: readonly {
        readonly topic: string;
        readonly fromBeginning: false;
        readonly partitions: readonly Partition[];
      }[],
    ): Promise<readonly { readonly partitions: readonly (Partition & { readonly offset: string })[] }[]>;
  }

  export = Cluster;
}
