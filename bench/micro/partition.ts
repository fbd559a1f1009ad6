import { randomUUID } from 'node:crypto';
import { PARTITIONERS } from '../../src/sinks/kafka/partitioner';
import type { PartitionerName } from '../../src/sinks/kafka/settings';
import type { Micro } from './run';

const KEYS = 1000;
const KEY_BYTES = [8, 36];
const HASHES: readonly (readonly [partitioner: PartitionerName, hash: string])[] = [
  ['consistent', 'CRC-32'],
  ['murmur2', 'murmur2'],
  ['fnv1a', 'FNV-1a'],
];

const hashing = (partitioner: PartitionerName, hashName: string, keyBytes: number): Micro => ({
  group: 'partition',
  name: `${hashName} of a key of ${keyBytes} B`,
  prepare: () => {
    const { hash } = PARTITIONERS[partitioner];
    const keys = Buffer.from(Array.from({ length: KEYS }, () => randomUUID().slice(-keyBytes)).join(''));
    const call = (): unknown => {
      let sum = 0;
      for (let at = 0; at < keys.length; at += keyBytes) sum += hash?.(keys, at, at + keyBytes) ?? 0;
      return sum;
    };
    return { messages: KEYS, bytes: keys.length, call };
  },
});

export const PARTITIONING: readonly Micro[] = KEY_BYTES.flatMap((keyBytes) =>
  HASHES.map(([partitioner, hashName]) => hashing(partitioner, hashName, keyBytes)),
);
