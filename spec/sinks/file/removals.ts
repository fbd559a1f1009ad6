import { rm } from 'node:fs/promises';
import type { Sink } from '../../../src/model';
import { batchOf } from '../../../src/testing/builders';
import { written } from '../../support/fileSinks';

const ROUNDS = 20;

/** Expects that all is in `stored` that `sink` acknowledged after its folder was deleted, again and again, while it writes there. */
export const survivesRemovals = async (
  sink: Sink,
  path: string,
  stored: () => Promise<readonly string[]>,
): Promise<void> => {
  for (let round = 0; round < ROUNDS; round += 1) {
    const sure: string[] = [];
    let isDeleted = false;
    const write = async (text: string): Promise<void> => {
      // While its folder is half deleted it may refuse.
      const again = (): Promise<unknown> => written(sink, batchOf('r', [text])).catch(again);
      await again();
      if (isDeleted) sure.push(text);
    };
    // The sink makes new files in it meanwhile.
    const deleting = rm(path, { recursive: true, maxRetries: 50, retryDelay: 1 }).then(() => (isDeleted = true));
    const early = Array.from({ length: 10 }, (_, n) => write(`early ${n}`));
    await deleting;
    await Promise.all([...early, write('late')]);
    expect(sure).toContain('late');
    expect(await stored()).toEqual(expect.arrayContaining(sure));
  }
};
