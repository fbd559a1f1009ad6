/** What a run has written to files, all of them below one folder of the run. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { GONE, unless } from '../src/wire/systemErrors';
import { DELIVERY_TIMEOUT_MS } from './timeouts';

const POLL_MS = 20;

/** Where the files of a run are. */
export const outputFolder = (folder: string): string => path.join(folder, 'output');

/** Of all files; the folder is made with the first message, and a file may have another name by now. */
const bytesIn = async (folder: string): Promise<number> => {
  const names = (await unless(GONE, readdir(folder))) ?? [];
  const all = await Promise.all(names.map((name) => unless(GONE, stat(path.join(folder, name)))));
  return all.reduce((sum, stats) => sum + (stats?.size ?? 0), 0);
};

/** Resolves with the bytes in the folder as soon as there are `wanted` or more, or after {@link DELIVERY_TIMEOUT_MS}. */
export const awaitBytes = async (folder: string, wanted: number): Promise<number> => {
  const deadline = Date.now() + DELIVERY_TIMEOUT_MS;
  for (;;) {
    const found = await bytesIn(folder);
    if (found >= wanted || Date.now() > deadline) return found;
    await sleep(POLL_MS);
  }
};

/** As {@link awaitBytes}, in messages, each of `messageBytes` in its file. */
export const awaitFiles = async (folder: string, messageBytes: number, wanted: number): Promise<number> =>
  Math.floor((await awaitBytes(folder, wanted * messageBytes)) / messageBytes);
