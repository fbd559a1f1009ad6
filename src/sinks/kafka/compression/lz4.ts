import type { Codec } from './codec';

/**
 * LZ4 frames of independent blocks of up to 4 MB, without a checksum of the content, which the record batch has: what
 * brokers and consumers of record batches read. The package has no levels.
 *
 * @see https://github.com/lz4/lz4/blob/dev/doc/lz4_Frame_format.md
 */
export const loadLz4 = async (): Promise<Codec> => {
  const { compressFrame, compressFrameSync } = (await import('lz4-napi')).default;
  return {
    id: 3,
    inLoop: (records) => compressFrameSync(records),
    onPool: { compress: compressFrame, fromBytes: 128 * 1024 },
  };
};
