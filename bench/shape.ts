import type { CodecName } from '../src/sinks/kafka/settings';

/** Who is measured, by the first word of the name. */
export type SubjectName =
  | 'kahets'
  | 'kcat'
  | 'rsyslog'
  | 'syslog-ng'
  | 'cat'
  | 'journaled'
  | 'one-bucket'
  | 'slice-0.1'
  | 'maxcpus-1'
  | 'maxcpus-2';

/** What the first subject of a shape is compared with. */
export interface Target {
  readonly of: SubjectName;
  /** It must cost at most so many times as much CPU a message; absent: it is only shown. */
  readonly atMost?: number;
  /** Or at most so much. */
  readonly orMicros?: number;
}

export type Group =
  'main' | 'sizes' | 'topics' | 'files' | 'journal' | 'codecs' | 'partitions' | 'cpus' | 'loop' | 'latency';

/** A shape of traffic: what is sent how, where to, and through whom. */
export interface Shape {
  readonly name: string;
  /** Shapes that `--shape` takes together, beside their own names; they stand together on the page. */
  readonly group: Group;
  readonly title: string;
  readonly messageBytes: number;
  readonly messages: number;
  readonly connections: number;
  /** `bulk`: writes of 64 KB · `single`: a write for each message · `short`: each connection sends ten messages, a write each, and closes. */
  readonly writes: 'bulk' | 'single' | 'short';
  /** Messages a second; absent: as fast as the reader takes them. */
  readonly perSecond?: number | undefined;
  readonly codec: CodecName;
  /** Each message goes to the next of so many, which are buckets of kahets too. */
  readonly topics: number;
  /** Of each topic. */
  readonly partitions: number;
  readonly lingerMs: number;
  readonly to: 'kafka' | 'file' | 'both';
  /** In the order of their turns; the first is compared with the others. */
  readonly subjects: readonly SubjectName[];
  readonly targets: readonly Target[];
}

/** Messages of a connection that sends and closes. */
export const SHORT_MESSAGES = 10;
/** Of the resident set of kahets, in all shapes. */
export const MOST_MEGABYTES = 200;

export const titleOf = ({ title, name, messages }: Shape): string =>
  `${title} (\`${name}\`, ${messages.toLocaleString('en')} messages)`;
