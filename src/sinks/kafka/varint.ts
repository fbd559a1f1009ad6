/**
 * Kafka's varints: zigzag, seven bits a byte, least significant first. Plain functions over a position, without objects, so
 * that the engine inlines them into the loop that encodes records.
 */

/** Small magnitudes become small numbers: 0, -1, 1, -2 … become 0, 1, 2, 3 … */
export const zigzag = (value: number): number => (value << 1) ^ (value >> 31);

/** Bytes that {@link writeVarint} takes for a number that went through {@link zigzag}. */
export const varintSize = (encoded: number): number => ((31 - Math.clz32(encoded | 1)) * 9 + 73) >> 6;

/** Writes a number that went through {@link zigzag} and returns the position after it. */
export const writeVarint = (target: Uint8Array, at: number, encoded: number): number => {
  let rest = encoded >>> 0;
  let end = at;
  while (rest > 0x7f) {
    target[end++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[end++] = rest;
  return end;
};

/** Bytes that {@link writeVarlong} takes. */
export const varlongSize = (value: number): number => {
  let size = 1;
  for (let rest = wideZigzag(value); rest > 0x7f; rest = Math.floor(rest / 128)) size += 1;
  return size;
};

/** Writes a number of any sign, up to 2^52, and returns the position after it. Slower than {@link writeVarint}. */
export const writeVarlong = (target: Uint8Array, at: number, value: number): number => {
  let rest = wideZigzag(value);
  let end = at;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) target[end++] = (rest % 128) | 0x80;
  target[end++] = rest;
  return end;
};

/** {@link zigzag} beyond 32 bits, where operators on bits end. */
const wideZigzag = (value: number): number => (value < 0 ? -2 * value - 1 : 2 * value);
