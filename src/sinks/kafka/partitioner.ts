import { crc32 } from './partitioners/crc32';
import { fnv1a } from './partitioners/fnv1a';
import { murmur2 } from './partitioners/murmur2';
import type { PartitionerName } from './settings';

/** A number of at least 0 for the key that lies in `bytes` from `start` to before `end`; modulo the partitions it is the key's. */
export type Hash = (bytes: Uint8Array, start: number, end: number) => number;

/** Where messages go that name no partition. */
export interface Partitioner {
  /** Undefined: each message with a key goes anywhere. */
  readonly hash: Hash | undefined;
  /** Whether messages without a key share the partition of the hash of nothing; else they go anywhere. */
  readonly hashesNoKey: boolean;
  /** Whether a key of no bytes, which is not null, counts as none. */
  readonly emptyIsNone: boolean;
}

/** librdkafka's `partitioner`, each as it treats null and empty keys: rd_kafka_msg_partitioner in its rdkafka_msg.c. */
export const PARTITIONERS: Readonly<Record<PartitionerName, Partitioner>> = {
  random: { hash: undefined, hashesNoKey: false, emptyIsNone: false },
  consistent: { hash: crc32, hashesNoKey: true, emptyIsNone: true },
  consistent_random: { hash: crc32, hashesNoKey: false, emptyIsNone: true },
  murmur2: { hash: murmur2, hashesNoKey: true, emptyIsNone: true },
  murmur2_random: { hash: murmur2, hashesNoKey: false, emptyIsNone: false },
  fnv1a: { hash: fnv1a, hashesNoKey: true, emptyIsNone: true },
  fnv1a_random: { hash: fnv1a, hashesNoKey: false, emptyIsNone: false },
};
