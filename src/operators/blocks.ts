import type { Blocks } from '../model';

/** Bytes of the largest block that is lent again: holds two whole reads, and most batches take several of them. */
export const BLOCK_BYTES = 128 * 1024;
/** A smaller block is not worth its object. */
export const LEAST_BLOCK_BYTES = 1024;

/** The power of two that holds so many bytes, at least 1. */
export const powerOfTwo = (bytes: number): number => 2 ** (32 - Math.clz32(bytes - 1));

const SIZES: readonly number[] = Array.from(
  { length: Math.log2(BLOCK_BYTES / LEAST_BLOCK_BYTES) + 1 },
  (_, i) => LEAST_BLOCK_BYTES * 2 ** i,
);

/**
 * Lends blocks, and those of `sizes` again: fresh ones cost page faults and collections. Others are left to the garbage collector.
 *
 * @param keepBytes of blocks that nobody has, at most; larger ones take the places of smaller ones
 * @param sizes in ascending order. Default: all powers of two from {@link LEAST_BLOCK_BYTES} to {@link BLOCK_BYTES}
 */
export const createBlocks = (keepBytes: number, sizes: readonly number[] = SIZES): Blocks => {
  const free = new Map(sizes.map((size): [number, Buffer[]] => [size, []]));
  let kept = 0;

  const take = (bytes: number): Buffer | undefined => {
    const block = free.get(bytes)?.pop();
    if (block) kept -= bytes;
    return block;
  };
  /** Drops smaller blocks until so many bytes more may be kept, as far as there are any. */
  const makeRoom = (bytes: number): void => {
    for (const size of sizes) while (size < bytes && kept + bytes > keepBytes) if (!take(size)) break;
  };

  return {
    lend: (bytes) => take(bytes) ?? Buffer.allocUnsafeSlow(bytes),
    giveBack: (block) => {
      const { length } = block;
      const same = free.get(length);
      if (!same) return;
      makeRoom(length);
      if (kept + length > keepBytes) return;
      same.push(block);
      kept += length;
    },
  };
};

/** Blocks that are lent once. */
export const unshared: Blocks = { lend: (bytes) => Buffer.allocUnsafeSlow(bytes), giveBack: () => undefined };
