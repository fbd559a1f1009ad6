/** Lends buffers for records, and takes them back. */
export interface Buffers {
  lend(bytes: number): Buffer;
  giveBack(buffer: Buffer): void;
}

/** Smaller buffers are not worth keeping. */
const SMALL_BYTES = 128 * 1024;
const KEPT = 8;
const KEPT_BYTES = 16 * 1024 * 1024;

/**
 * Lends small buffers as asked for (at least 1 KB, in powers of two) and larger ones of at least `bigBytes`, of which it
 * keeps a few for the next batch: fresh ones of that size cost page faults and collections.
 */
export const createBuffers = (bigBytes: number): Buffers => {
  const kept: Buffer[] = [];
  return {
    lend(bytes) {
      if (bytes <= SMALL_BYTES && bytes < bigBytes)
        return Buffer.allocUnsafeSlow(2 ** Math.max(10, 32 - Math.clz32(Math.max(bytes - 1, 0))));
      return (bytes <= bigBytes && kept.pop()) || Buffer.allocUnsafeSlow(Math.max(bytes, bigBytes));
    },
    giveBack(buffer) {
      if (buffer.length === bigBytes && kept.length < KEPT && (kept.length + 1) * bigBytes <= KEPT_BYTES)
        kept.push(buffer);
    },
  };
};
