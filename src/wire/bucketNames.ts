import { isUtf8 } from 'node:buffer';

/** A bucket's name as bytes and as a string, made once. */
export class BucketName {
  /** Where the gatherer of runs keeps its books; see `runs.ts`. */
  round = 0;
  first = 0;
  last = 0;
  count = 0;

  constructor(
    readonly bytes: Uint8Array,
    readonly text: string,
    readonly next: BucketName | undefined,
  ) {}

  /** Whether these are the `length` bytes of `chunk` from `start`. */
  matches(chunk: Uint8Array, start: number, length: number): boolean {
    const { bytes } = this;
    if (bytes.length !== length) return false;
    for (let i = 0; i < length; i += 1) if (bytes[i] !== chunk[start + i]) return false;
    return true;
  }
}

export interface BucketNames {
  /** The name that stands in `chunk`, or undefined when it is not UTF-8. */
  find(chunk: Buffer, start: number, length: number): BucketName | undefined;
}

const FNV_OFFSET = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

const hashOf = (chunk: Uint8Array, start: number, length: number): number => {
  let hash = FNV_OFFSET;
  for (let i = start, end = start + length; i < end; i += 1) hash = Math.imul(hash ^ (chunk[i] ?? 0), FNV_PRIME);
  return hash ^ (hash >>> 15);
};

/**
 * Interns bucket names, so that no string is made a message. Clients choose the names: past `max` (4,096) of them the table
 * starts over.
 */
export const createBucketNames = (max = 4096): BucketNames => {
  const slots = 2 ** Math.ceil(Math.log2(2 * max));
  const table: (BucketName | undefined)[] = new Array<BucketName | undefined>(slots).fill(undefined);
  let size = 0;

  const add = (slot: number, chunk: Buffer, start: number, length: number): BucketName | undefined => {
    const bytes = Uint8Array.prototype.slice.call(chunk, start, start + length);
    if (!isUtf8(bytes)) return undefined;
    if (size === max) {
      table.fill(undefined);
      size = 0;
    }
    size += 1;
    const name = new BucketName(bytes, chunk.toString('utf8', start, start + length), table[slot]);
    table[slot] = name;
    return name;
  };

  return {
    find(chunk, start, length) {
      const slot = hashOf(chunk, start, length) & (slots - 1);
      for (let name = table[slot]; name; name = name.next) if (name.matches(chunk, start, length)) return name;
      return add(slot, chunk, start, length);
    },
  };
};
