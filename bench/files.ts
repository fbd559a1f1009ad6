/** What a run has written to files, all of them below one folder of the run. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

const POLL_MS = 20;

/** Where the files of a run are. */
export const outputFolder = (folder: string): string => path.join(folder, 'output');

const bytesIn = async (folder: string): Promise<number> => {
  const names = await readdir(folder).catch(() => []);
  const sizes = await Promise.all(names.map(async (name) => (await stat(path.join(folder, name))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
};

/**
 * Resolves with the number of messages, each of `messageBytes` in its file, as soon as there are `wanted` or more, or at
 * the end of `timeoutMs`.
 */
export const awaitFiles = async (
  folder: string,
  messageBytes: number,
  wanted: number,
  timeoutMs: number,
): Promise<number> => {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = Math.floor((await bytesIn(folder)) / messageBytes);
    if (found >= wanted || Date.now() > deadline) return found;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
};
