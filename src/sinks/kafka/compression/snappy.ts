import type { Codec } from './codec';

/**
 * Raw blocks, as librdkafka writes them; brokers and consumers also know a framed kind. Always in the loop: results of the
 * pool's threads come in fresh memory, whose page faults cost more than the pool takes off the loop. Without
 * `copyOutputData` those in the loop come so too.
 */
export const loadSnappy = async (): Promise<Codec> => {
  const { compressSync } = (await import('snappy')).default;
  return { id: 2, inLoop: (records) => compressSync(records, { copyOutputData: true }) };
};
