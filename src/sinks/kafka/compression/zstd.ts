import * as zlib from 'node:zlib';
import type { Codec } from './codec';

const ID = 4;

/** What Node has from 22.15 on, and the types of an older one do not know. */
interface NodeZstd {
  readonly zstdCompressSync?: (
    records: Buffer,
    options: { readonly params: Readonly<Record<number, number>> },
  ) => Buffer;
  readonly constants: Readonly<Record<string, number | undefined>>;
}

/** Node's own, in the loop: on the pool it takes three times the CPU and up to 2 GB. Undefined: this Node has none. */
const nodesZstd = (level: number | undefined): Codec | undefined => {
  const { zstdCompressSync, constants } = zlib as NodeZstd;
  const { ZSTD_c_compressionLevel: LEVEL } = constants;
  if (!zstdCompressSync || LEVEL === undefined) return undefined;
  const options = { params: level === undefined ? {} : { [LEVEL]: level } };
  return { id: ID, inLoop: (records) => zstdCompressSync(records, options) };
};

/**
 * The package where it can be loaded, since Node's zstd takes as much CPU or more, and far more memory; else Node's own.
 * `level`: zstd's, 1 to 22; 0 and -1 for its default.
 */
export const loadZstd = async (level: number): Promise<Codec> => {
  const given = level === -1 ? undefined : level;
  try {
    const { compress } = (await import('@mongodb-js/zstd/bindings.js')).default;
    return { id: ID, onPool: { compress: (records) => compress(records, given), fromBytes: 0 } };
  } catch (error) {
    const own = nodesZstd(given);
    if (own) return own;
    throw error;
  }
};
