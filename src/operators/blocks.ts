import type { Blocks } from '../model';

/** Bytes of a block that is lent again: what is read at once, and most batches take several of them. */
export const BLOCK_BYTES = 128 * 1024;

/**
 * Lends blocks, and those of {@link BLOCK_BYTES} again; others are left to the garbage collector.
 *
 * @param keepBytes of blocks that nobody has, at most
 */
export const createBlocks = (keepBytes: number): Blocks => {
  const free: Buffer[] = [];
  const most = Math.floor(keepBytes / BLOCK_BYTES);
  return {
    lend: (bytes) => (bytes === BLOCK_BYTES && free.pop()) || Buffer.allocUnsafeSlow(bytes),
    giveBack: (block) => {
      if (block.length === BLOCK_BYTES && free.length < most) free.push(block);
    },
  };
};

/** Blocks that are lent once. */
export const unshared: Blocks = { lend: (bytes) => Buffer.allocUnsafeSlow(bytes), giveBack: () => undefined };
