import type { Blocks } from '../../model';
import { createBlocks, LEAST_BLOCK_BYTES, powerOfTwo } from '../../operators/blocks';

const KEPT = 8;
const KEPT_BYTES = 16 * 1024 * 1024;

/** Lends buffers for records, in powers of two below `bigBytes`, and keeps so much of what it is given back as `KEPT` big ones take. */
export const createBuffers = (bigBytes: number): Blocks => {
  const powers = Array.from({ length: 32 }, (_, power) => LEAST_BLOCK_BYTES * 2 ** power);
  const blocks = createBlocks(Math.min(KEPT * bigBytes, KEPT_BYTES), [
    ...powers.filter((bytes) => bytes < bigBytes),
    bigBytes,
  ]);
  return {
    ...blocks,
    lend: (bytes) =>
      blocks.lend(bytes > bigBytes ? bytes : Math.min(bigBytes, powerOfTwo(Math.max(bytes, LEAST_BLOCK_BYTES)))),
  };
};
