/**
 * When what was written is synced to the disk: `never` by us, within an `interval`, or before each `batch` is acknowledged.
 * (PostgreSQL's `synchronous_commit`, Redis's `appendfsync`.)
 */
export const FSYNC = ['never', 'interval', 'batch'] as const;

export type Fsync = (typeof FSYNC)[number];
