import type { Blocks } from '../model';

/** Bytes of a block that is lent again: holds two whole reads, and most batches take several of them. */
export const BLOCK_BYTES = 128 * 1024;

/** The power of two that holds so many bytes, at least 1. */
export const powerOfTwo = (bytes: number): number => 2 ** (32 - Math.clz32(bytes - 1));

/**
 * Lends blocks, and those of `blockBytes` again: fresh ones of that size cost page faults and collections. Others are left to the
 * garbage collector.
 *
 * @param keepBytes of blocks that nobody has, at most
 */
export const createBlocks = (keepBytes: number, blockBytes = BLOCK_BYTES): Blocks => {
  const free: Buffer[] = [];
  const most = Math.floor(keepBytes / blockBytes);
  return {
    lend: (bytes) => (bytes === blockBytes && free.pop()) || Buffer.allocUnsafeSlow(bytes),
    giveBack: (block) => {
      if (block.length === blockBytes && free.length < most) free.push(block);
    },
  };
};

/** Blocks that are lent once. */
export const unshared: Blocks = { lend: (bytes) => Buffer.allocUnsafeSlow(bytes), giveBack: () => undefined };
