import type { Blocks } from '../../model';
import { createBlocks, powerOfTwo } from '../../operators/blocks';

/** Smaller buffers are not worth keeping. */
const SMALL_BYTES = 128 * 1024;
const LEAST_BYTES = 1024;
const KEPT = 8;
const KEPT_BYTES = 16 * 1024 * 1024;

/** Lends buffers for records: small ones in powers of two, and larger ones of at least `bigBytes`, of which it keeps a few. */
export const createBuffers = (bigBytes: number): Blocks => {
  const big = createBlocks(Math.min(KEPT * bigBytes, KEPT_BYTES), [bigBytes]);
  return {
    ...big,
    lend: (bytes) =>
      bytes <= SMALL_BYTES && bytes < bigBytes
        ? Buffer.allocUnsafeSlow(powerOfTwo(Math.max(bytes, LEAST_BYTES)))
        : big.lend(Math.max(bytes, bigBytes)),
  };
};
