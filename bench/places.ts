/** Where the messages of a run go, made for it alone. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Shape } from './shape';
import type { Run } from './subject';
import { createTopics, deleteTopics } from './topics';

const DIGITS = 5;
let made = 0;

/** New names of one length. */
export const namesOf = (count: number): readonly string[] => {
  made += 1;
  return Array.from({ length: count }, (_, n) => `bench-${process.pid}-${made}-${String(n).padStart(DIGITS, '0')}`);
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
  const folder = await mkdtemp(path.join(tmpdir(), 'kahets-bench-'));
  try {
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

/** Makes the topics and the folder of one run for `measure` alone. */
export const measureOnce = <R>(
  shape: Shape,
  brokers: string,
  measure: (run: Run) => Promise<R>,
  keys = false,
): Promise<R> =>
  withFolder((folder) => {
    const run = (topics: readonly string[]): Promise<R> => measure({ shape, brokers, topics, folder, keys });
    return shape.to === 'file' ? run(namesOf(shape.topics)) : withTopics(brokers, shape, run);
  });
