import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { filesIn, numbersOf } from '../../../support/numbered';

/** The numbers of the messages in the files below `folders`, which need not be there, up to the last whole frame of each. */
export const numbersIn = async (...folders: readonly string[]): Promise<ReadonlySet<number>> => {
  const numbers = new Set<number>();
  for (const folder of folders.filter((each) => existsSync(each)))
    for (const file of await filesIn(folder)) for (const n of numbersOf(await readFile(file))) numbers.add(n);
  return numbers;
};
