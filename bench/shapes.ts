/** The shapes of traffic that are measured, by groups. */
import type { CodecName } from '../src/sinks/kafka/settings';
import type { Shape } from './shape';

const SERVERS = ['kahets', 'rsyslog', 'syslog-ng'] as const;
export const BULK = {
  messageBytes: 200,
  messages: 1_000_000,
  connections: 4,
  writes: 'bulk',
  codec: 'snappy',
  topics: 1,
  partitions: 3,
  lingerMs: 1000,
  to: 'kafka',
  subjects: ['kahets', 'kcat', 'rsyslog', 'syslog-ng'],
  targets: [{ of: 'kcat' }],
} as const;

const SINGLE = { ...BULK, connections: 50, writes: 'single', messages: 500_000, subjects: SERVERS } as const;
const SHORT = { ...BULK, connections: 16, writes: 'short', messages: 200_000, subjects: SERVERS } as const;

const MAIN: readonly Shape[] = [
  {
    ...BULK,
    group: 'main',
    name: 'bulk',
    title: '4 connections, bulk writes, 200 B',
    targets: [
      { of: 'kcat', atMost: 0.8 },
      { of: 'rsyslog', atMost: 0.35 },
    ],
  },
  {
    ...SINGLE,
    group: 'main',
    name: 'single',
    title: '50 connections, one write a message, 200 B',
    targets: [{ of: 'rsyslog', atMost: 0.5 }],
  },
  {
    ...SHORT,
    group: 'main',
    name: 'short',
    title: 'connect, send 10, close, 200 B',
    targets: [{ of: 'rsyslog', atMost: 0.9 }],
  },
  {
    ...SINGLE,
    group: 'main',
    name: 'paced',
    title: '5,000/s over 10 connections, one write a message, 200 B',
    messages: 50_000,
    connections: 10,
    perSecond: 5000,
    targets: [{ of: 'rsyslog', atMost: 0.7 }],
  },
];

const SIZES: readonly Shape[] = [
  {
    ...BULK,
    group: 'sizes',
    name: 'bulk1k',
    title: '4 connections, bulk writes, 1 KB',
    messageBytes: 1024,
    messages: 300_000,
    targets: [{ of: 'kcat', atMost: 0.5 }],
  },
  {
    ...BULK,
    group: 'sizes',
    name: 'bulk8k',
    title: '4 connections, bulk writes, 8 KB',
    messageBytes: 8192,
    messages: 50_000,
  },
  {
    ...SINGLE,
    group: 'sizes',
    name: 'single1k',
    title: '50 connections, one write a message, 1 KB',
    messageBytes: 1024,
    messages: 200_000,
    targets: [{ of: 'rsyslog' }],
  },
];

/** A bucket of kahets is a topic. */
const TOPICS: readonly Shape[] = [
  {
    ...BULK,
    group: 'topics',
    name: 'buckets20',
    title: 'bulk, 20 interleaved buckets, a topic each',
    messages: 500_000,
    topics: 20,
    subjects: ['kahets', 'one-bucket', 'rsyslog', 'syslog-ng'],
    targets: [{ of: 'one-bucket', atMost: 1.3 }],
  },
  {
    ...BULK,
    group: 'topics',
    name: 'topics100',
    title: 'bulk, 100 interleaved buckets, a topic each',
    messages: 500_000,
    topics: 100,
    subjects: SERVERS,
    targets: [{ of: 'rsyslog' }],
  },
  {
    // A thousand topics would measure the broker.
    ...BULK,
    group: 'topics',
    name: 'buckets1000',
    title: 'bulk, 1,000 interleaved buckets, to one file',
    messages: 500_000,
    topics: 1000,
    to: 'file',
    subjects: ['kahets', 'one-bucket', 'rsyslog', 'syslog-ng'],
    targets: [{ of: 'one-bucket' }],
  },
];

const FILES: readonly Shape[] = [
  {
    ...BULK,
    group: 'files',
    name: 'file',
    title: 'bulk, to a file only',
    to: 'file',
    subjects: ['kahets', 'cat', 'rsyslog', 'syslog-ng'],
    targets: [{ of: 'cat', atMost: 2, orMicros: 0.5 }],
  },
  {
    ...BULK,
    group: 'files',
    name: 'copy',
    title: 'bulk, to Kafka and to a file',
    to: 'both',
    subjects: SERVERS,
    targets: [{ of: 'rsyslog' }],
  },
  {
    ...BULK,
    group: 'files',
    name: 'slice',
    title: 'bulk, a tenth of the messages to Kafka (slice 0.1)',
    subjects: ['slice-0.1', 'kahets'],
    targets: [{ of: 'kahets' }],
  },
];

const CODECS: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];

/** `bulk`, with one thing different at a time. The other peers compress and send with the library of kcat. */
const VARIED: readonly Shape[] = [
  ...CODECS.map((codec) => ({
    ...BULK,
    group: 'codecs' as const,
    name: codec,
    title: `bulk, compression ${codec}`,
    codec,
  })),
  ...[1, 48].map((partitions) => ({
    ...BULK,
    group: 'partitions' as const,
    name: `partitions${partitions}`,
    title: `bulk, partitions: ${partitions}`,
    partitions,
  })),
].map((shape): Shape => ({ ...shape, messages: 500_000, subjects: ['kahets', 'kcat'] }));

/** What writing ahead costs: the same traffic with it and without. */
const JOURNALED: readonly Shape[] = [
  { ...BULK, name: 'journal', title: '4 connections, bulk writes, 200 B, with a journal' },
  { ...SINGLE, name: 'journal-single', title: '50 connections, one write a message, 200 B, with a journal' },
].map((shape) => ({
  ...shape,
  group: 'journal',
  messages: 500_000,
  subjects: ['journaled', 'kahets'],
  targets: [{ of: 'kahets' }],
}));

/** What a second core changes. */
const CPUS: readonly Shape[] = [
  { ...BULK, name: 'cpus-bulk', title: '4 connections, bulk writes, 200 B, at MAXCPUS 1 and 2' },
  { ...SHORT, name: 'cpus-short', title: 'connect, send 10, close, 200 B, at MAXCPUS 1 and 2' },
].map((shape) => ({ ...shape, group: 'cpus', subjects: ['maxcpus-2', 'maxcpus-1'], targets: [{ of: 'maxcpus-1' }] }));

/** Where the one event loop ends. */
const LOOP: readonly Shape[] = [
  { ...BULK, name: 'loop-bulk', title: '4 connections, bulk writes, 200 B', messages: 2_000_000 },
  { ...SINGLE, name: 'loop-single', title: '50 connections, one write a message, 200 B' },
  { ...SHORT, name: 'loop-short', title: 'connect, send 10, close, 200 B' },
].map((shape) => ({ ...shape, group: 'loop', subjects: ['kahets'], targets: [] }));

export const SHAPES: readonly Shape[] = [
  ...MAIN,
  ...SIZES,
  ...TOPICS,
  ...FILES,
  ...JOURNALED,
  ...VARIED,
  ...CPUS,
  ...LOOP,
];

/** How late messages are, in a steady trickle. */
export const LATENCY: Shape = {
  ...SINGLE,
  group: 'latency',
  name: 'latency',
  title: '1,000/s over 10 connections, one write a message, 200 B, linger 5 ms',
  messages: 20_000,
  connections: 10,
  perSecond: 1000,
  lingerMs: 5,
};

/** All, as they stand on the page. */
export const ALL_SHAPES: readonly Shape[] = [...SHAPES, LATENCY];
