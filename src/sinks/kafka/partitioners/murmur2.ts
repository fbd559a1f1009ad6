const SEED = 0x9747b28c;
const M = 0x5bd1e995;

/** One round of four bytes, before they join the hash. */
const mixed = (word: number): number => {
  const k = Math.imul(word, M);
  return Math.imul(k ^ (k >>> 24), M);
};

/** Murmur2 of `bytes` from `start` to before `end`, without its sign bit, as Kafka's own clients for Java take it for keys. */
export const murmur2 = (bytes: Uint8Array, start: number, end: number): number => {
  let hash = SEED ^ (end - start);
  let at = start;
  for (; at + 4 <= end; at += 4)
    hash =
      Math.imul(hash, M) ^
      mixed(
        (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24),
      );
  if (at < end) {
    let tail = 0;
    for (let last = end - 1; last >= at; last -= 1) tail = (tail << 8) | (bytes[last] ?? 0);
    hash = Math.imul(hash ^ tail, M);
  }
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return (hash ^ (hash >>> 15)) & 0x7fffffff;
};
