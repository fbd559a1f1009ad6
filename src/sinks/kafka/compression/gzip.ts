import { promisify } from 'node:util';
import { gzip, gzipSync } from 'node:zlib';
import type { Codec } from './codec';

const onPool = promisify<Buffer, { level: number }, Buffer>(gzip);

/** `level`: zlib's, 0 to 9, -1 for its default. */
export const gzipCodec = (level: number): Codec => ({
  id: 1,
  inLoop: (records) => gzipSync(records, { level }),
  onPool: { compress: (records) => onPool(records, { level }), fromBytes: 16 * 1024 },
});
