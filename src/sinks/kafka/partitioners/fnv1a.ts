const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** FNV-1a (32 bits) of `bytes` from `start` to before `end`, without its sign, as Sarama's hash partitioner takes it for keys. */
export const fnv1a = (bytes: Uint8Array, start: number, end: number): number => {
  let hash = OFFSET_BASIS | 0;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), PRIME);
  return Math.abs(hash);
};
