import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startBroker, type Broker } from '../../spec/support/kafka';
import { createTopics, deleteTopics } from '../topics';
import type { Cost } from './measure';

/** What a growth is measured with. */
export interface Place {
  /** Started for the first who asks. */
  readonly broker: () => Promise<Broker>;
  /** The share of the messages that is sent; less than 1 is for a quick look. */
  readonly scale: number;
}

/** One quantity that grows, and what a message costs at each step. */
export interface Growth {
  readonly name: string;
  readonly title: string;
  /** What is sent how, for people. */
  readonly what: string;
  /** Of `x`. */
  readonly unit: string;
  readonly points: readonly Point[];
  /** Draws steps at even distances: one of them is 0. Default: by their logarithm. */
  readonly even?: boolean;
  /** Bytes of a message, where that is what grows: the cost a byte is to stay, not the cost a message. */
  readonly bytesAt?: (x: number) => number;
}

export interface Point {
  readonly x: number;
  /** Default: the number. */
  readonly label?: string;
  readonly run: (place: Place) => Promise<Cost>;
}

/** A broker for as long as `work` takes. Large messages are let in, and it may be held up for a minute. */
export const withPlace = async <A>(scale: number, work: (place: Place) => Promise<A>): Promise<A> => {
  let started: Promise<Broker> | undefined;
  const settings = 'message.max.bytes=8388608\nbroker.session.timeout.ms=60000';
  try {
    return await work({ broker: () => (started ??= startBroker({ heap: '1g', settings })), scale });
  } finally {
    await (await started)?.remove();
  }
};

let made = 0;
const DIGITS = 5;

/** Names of one length. */
export const namesOf = (count: number): readonly string[] => {
  made += 1;
  return Array.from({ length: count }, (_, n) => `growth-${process.pid}-${made}-${String(n).padStart(DIGITS, '0')}`);
};

/** Makes topics for `work` alone. */
export const withTopics = async <A>(
  brokers: string,
  { topics: count, partitions }: { readonly topics: number; readonly partitions: number },
  work: (topics: readonly string[]) => Promise<A>,
): Promise<A> => {
  const topics = namesOf(count);
  await createTopics(brokers, topics, partitions);
  try {
    return await work(topics);
  } finally {
    await deleteTopics(brokers, topics);
  }
};

/** Makes an empty folder for `work` alone. */
export const withFolder = async <A>(work: (folder: string) => Promise<A>): Promise<A> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kahets-growth-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
