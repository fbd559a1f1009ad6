import { OTHER_BUCKETS } from '../ledger';

/** Buckets that have a label of their own. */
const MOST_LABELS = 100;

/**
 * Names buckets in metrics: clients choose the names of buckets, and every name is a time series for whoever scrapes. The first 100
 * have their own, and keep it; the others share `(other)`.
 */
export const createBucketLabels = (most = MOST_LABELS): ((bucket: string) => string) => {
  const known = new Set<string>();
  return (bucket) => {
    if (known.has(bucket)) return bucket;
    if (known.size >= most) return OTHER_BUCKETS;
    known.add(bucket);
    return bucket;
  };
};
