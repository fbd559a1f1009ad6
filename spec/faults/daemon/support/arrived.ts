import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { filesIn } from '../../../support/numbered';

/** Whether message `n` is in a file below `folder`. Files that go meanwhile are left out. */
export const hasArrived = async (folder: string, n: number): Promise<boolean> => {
  if (!existsSync(folder)) return false;
  const head = Buffer.from(`n=${n} crc=`);
  // The latest first: a fresh message is there.
  for (const file of (await filesIn(folder)).toReversed()) {
    const bytes = await readFile(file).catch(() => Buffer.alloc(0));
    if (bytes.includes(head)) return true;
  }
  return false;
};
