import type { BackupConfig, BucketConfig } from '../../src/config/buckets';

/** A bucket as configured, with what buckets.json has by default where nothing else is given. */
export const bucketConfig = (
  id: string,
  streams: readonly string[],
  parts: Partial<BucketConfig> = {},
): BucketConfig => ({
  ...{ id, streams, batch: 10, batchTimeoutMs: 30_000, whenFull: 'block', durability: 'memory' },
  ...parts,
});

/** A backup as configured, which is not sent on where nothing else is said. */
export const backupConfig = (type: string, settings: object = {}, parts: Partial<BackupConfig> = {}): BackupConfig => ({
  ...{ type, settings, replay: false, replayRate: 0.25 },
  ...parts,
});
