import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { LENGTH_BYTES } from '../../../../src/wire/frame';
import { MessageCursor } from '../../../../src/wire/messageCursor';
import { filesIn } from '../../../support/numbered';

const HEAD_BYTES = 40;

/** Without the half frame that a process leaves which is killed while it writes. */
const wholeFrames = (bytes: Buffer): Buffer => {
  let end = 0;
  while (end + LENGTH_BYTES <= bytes.length) {
    const next = end + LENGTH_BYTES + bytes.readUInt32LE(end);
    if (next > bytes.length) break;
    end = next;
  }
  return bytes.subarray(0, end);
};

/** The numbers of the messages in the files below `folders`, which need not be there, up to the last whole frame of each. */
export const numbersIn = async (...folders: readonly string[]): Promise<ReadonlySet<number>> => {
  const numbers = new Set<number>();
  for (const folder of folders.filter((each) => existsSync(each))) {
    for (const file of await filesIn(folder)) {
      const bytes = wholeFrames(await readFile(file));
      const cursor = new MessageCursor(bytes);
      while (cursor.next()) {
        const head = bytes.toString('latin1', cursor.valueStart, cursor.valueStart + HEAD_BYTES);
        const [, n] = /^n=(\d+) /.exec(head) ?? [];
        if (n !== undefined) numbers.add(Number(n));
      }
    }
  }
  return numbers;
};
