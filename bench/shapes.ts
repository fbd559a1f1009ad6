import type { CodecName } from '../src/sinks/kafka/settings';

/** A shape of traffic: what is sent how, and where to. */
export interface Shape {
  readonly name: string;
  /** Shapes that `--shape` takes together, beside their own names. */
  readonly group?: 'codecs' | 'topics' | 'partitions' | 'journal';
  readonly title: string;
  readonly messageBytes: number;
  readonly messages: number;
  readonly connections: number;
  /** `bulk`: writes of 64 KB · `single`: a write for each message · `short`: each connection sends ten messages, a write each, and closes. */
  readonly writes: 'bulk' | 'single' | 'short';
  /** Messages a second; absent: as fast as the reader takes them. */
  readonly perSecond?: number | undefined;
  readonly codec: CodecName;
  /** Each message goes to the next of so many. */
  readonly topics: number;
  /** Of each topic. */
  readonly partitions: number;
  readonly lingerMs: number;
  /** The peer that kahets is compared with; `ratio`: what it must reach, its CPU a message at most so many times the peer's. */
  readonly target: { readonly ratio?: number; readonly peer: 'kcat' | 'rsyslog' | 'journaled' };
  /** Whether it is about the journal: kahets with it beside kahets without. */
  readonly journal?: boolean;
}

/** Messages of a connection that sends and closes. */
export const SHORT_MESSAGES = 10;

const BULK = {
  messageBytes: 200,
  messages: 1_000_000,
  connections: 4,
  writes: 'bulk',
  codec: 'snappy',
  topics: 1,
  partitions: 3,
  lingerMs: 1000,
  target: { peer: 'kcat' },
} as const;

const BASE: readonly Shape[] = [
  {
    ...BULK,
    name: 'bulk',
    title: '4 connections, bulk writes, 200 B',
    target: { ratio: 1.0, peer: 'kcat' },
  },
  {
    ...BULK,
    name: 'single',
    title: '50 connections, one write a message, 200 B',
    messages: 500_000,
    connections: 50,
    writes: 'single',
    target: { ratio: 0.7, peer: 'rsyslog' },
  },
  {
    ...BULK,
    name: 'short',
    title: 'connect, send 10, close, 200 B',
    messages: 200_000,
    connections: 16,
    writes: 'short',
    target: { ratio: 1.3, peer: 'rsyslog' },
  },
  {
    ...BULK,
    name: 'paced',
    title: '5,000/s over 10 connections, one write a message, 200 B',
    messages: 50_000,
    connections: 10,
    writes: 'single',
    perSecond: 5000,
    target: { ratio: 0.7, peer: 'rsyslog' },
  },
  {
    ...BULK,
    name: 'bulk1k',
    title: '4 connections, bulk writes, 1 KB',
    messageBytes: 1024,
    messages: 300_000,
    target: { ratio: 0.5, peer: 'kcat' },
  },
];

const CODECS: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** `bulk`, with one thing different at a time. */
const VARIED: readonly Shape[] = [
  ...CODECS.map((codec): Shape => ({
    ...BULK,
    group: 'codecs',
    name: codec,
    title: `bulk, compression ${codec}`,
    codec,
  })),
  ...[1, 100].map((topics): Shape => ({
    ...BULK,
    group: 'topics',
    name: `topics${topics}`,
    title: `bulk, topics: ${topics}`,
    // kcat writes to one topic.
    target: { peer: topics === 1 ? 'kcat' : 'rsyslog' },
    topics,
  })),
  ...[1, 48].map((partitions): Shape => ({
    ...BULK,
    group: 'partitions',
    name: `partitions${partitions}`,
    title: `bulk, partitions: ${partitions}`,
    partitions,
  })),
];

/** What writing ahead costs: the same traffic with it and without. */
const JOURNALED: readonly Shape[] = [
  { ...BULK, name: 'journal', title: '4 connections, bulk writes, 200 B, with a journal' },
  {
    ...BULK,
    name: 'journal-single',
    title: '50 connections, one write a message, 200 B, with a journal',
    connections: 50,
    writes: 'single' as const,
  },
].map((shape) => ({ ...shape, group: 'journal', journal: true, target: { peer: 'journaled' } }));

export const SHAPES: readonly Shape[] = [
  ...BASE,
  ...[...VARIED, ...JOURNALED].map((shape) => ({ ...shape, messages: 500_000 })),
];

/** How late messages are, in a steady trickle. */
export const LATENCY: Shape = {
  ...BULK,
  name: 'latency',
  title: '1,000/s over 10 connections, one write a message, 200 B, linger 5 ms',
  messages: 20_000,
  connections: 10,
  writes: 'single',
  perSecond: 1000,
  lingerMs: 5,
  target: { peer: 'rsyslog' },
};
