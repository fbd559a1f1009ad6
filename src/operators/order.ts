import { defer, EMPTY, Subject, type Observable } from 'rxjs';
import { Line } from './line';

/**
 * Where a bucket's batches go. `primary`: nothing of it lies in the backup. `backup`: something does. `held`: they wait for a
 * moment, while the last of it is sent on.
 */
export type Way = 'primary' | 'backup' | 'held';

/** A bucket of which something is under way, or lies in the backup. */
export interface Ordered {
  readonly bucket: string;
  readonly way: Way;
  /** Its writes that are not held. */
  readonly line: Line;
  /** Emits when a write to the primary has failed: those beside it come after it. */
  readonly diverted$: Observable<void>;
  /** Emits when what is held may go on. */
  readonly released$: Observable<void>;
  readonly divert: () => void;
}

/** The way of each bucket of a stream, between live traffic, which diverts it, and replay, which brings it back. */
export interface Order {
  /** A batch is about to be written; `leave` when that has ended. */
  readonly enter: (bucket: string) => Ordered;
  readonly leave: (ordered: Ordered) => void;
  /** Something of it is about to be written to the backup. */
  readonly toBackup: (bucket: string) => void;
  /** Buckets that have something in the backup; undefined: it may be any. */
  readonly diverted: () => ReadonlySet<string> | undefined;
  /** The backup is about to be listed: what is written there from now on may not be seen. */
  readonly listing: () => void;
  /** The buckets that it has; undefined: it may be any. */
  readonly listed: (buckets: ReadonlySet<string> | undefined) => void;
  /** Holds a diverted bucket. Completes when nothing of it is on its way to the backup any more. */
  readonly hold: (bucket: string) => Observable<never>;
  /** Lets go on what is held: to the primary where all that came before has been sent on. */
  readonly release: (bucket: string, way: 'primary' | 'backup') => void;
}

interface Entry extends Ordered {
  way: Way;
  /** Writes that have not ended, the held ones too. */
  writes: number;
  readonly diverted$: Subject<void>;
  readonly released$: Subject<void>;
}

const MAX_BUCKETS = 10_000;

/**
 * At first nobody knows what an earlier process left: all buckets are diverted until a listing says which.
 *
 * A bucket is remembered only while something of it is under way or in the backup. A client may make up any number of names: with
 * more than `maxBuckets` diverted, all are, until a listing has fewer.
 */
export const createOrder = (maxBuckets = MAX_BUCKETS): Order => {
  const entries = new Map<string, Entry>();
  let allDiverted = true;
  /** What the listing under way may not have seen; undefined: too many to tell. */
  let unseen: Set<string> | undefined;

  const resting = (): Way => (allDiverted ? 'backup' : 'primary');

  const create = (bucket: string): Entry => {
    const diverted$ = new Subject<void>();
    const divert = (): void => {
      if (entry.way !== 'primary') return;
      entry.way = 'backup';
      diverted$.next();
      if (!allDiverted && entries.size > maxBuckets) divertAll();
    };
    const entry: Entry = {
      ...{ bucket, way: resting(), line: new Line(), writes: 0 },
      ...{ diverted$, released$: new Subject<void>(), divert },
    };
    return entry;
  };

  const entryOf = (bucket: string): Entry => {
    const entry = entries.get(bucket) ?? create(bucket);
    entries.set(bucket, entry);
    return entry;
  };

  const forgetIdle = (entry: Entry): void => {
    if (entry.writes === 0 && entry.way === resting()) entries.delete(entry.bucket);
  };

  const divertAll = (): void => {
    allDiverted = true;
    unseen = undefined;
    for (const entry of [...entries.values()]) {
      entry.divert();
      forgetIdle(entry);
    }
  };

  return {
    enter(bucket) {
      const entry = entryOf(bucket);
      entry.writes += 1;
      return entry;
    },
    leave({ bucket }) {
      const entry = entryOf(bucket);
      entry.writes -= 1;
      forgetIdle(entry);
    },
    toBackup(bucket) {
      if (unseen && unseen.add(bucket).size > maxBuckets) unseen = undefined;
    },
    diverted: () =>
      allDiverted
        ? undefined
        : new Set([...entries.values()].filter(({ way }) => way !== 'primary').map(({ bucket }) => bucket)),
    listing() {
      unseen = new Set([...entries.values()].filter(({ writes }) => writes > 0).map(({ bucket }) => bucket));
    },
    listed(buckets) {
      const seen = unseen;
      unseen = undefined;
      if (!allDiverted || !buckets || !seen || buckets.size + seen.size > maxBuckets) return;
      allDiverted = false;
      for (const bucket of [...buckets, ...seen]) entryOf(bucket).way = 'backup';
    },
    hold: (bucket) =>
      defer(() => {
        const entry = entries.get(bucket);
        if (!entry || entry.way === 'primary') return EMPTY;
        entry.way = 'held';
        return entry.line.present$;
      }),
    release(bucket, way) {
      const entry = entries.get(bucket);
      if (entry?.way !== 'held') return;
      entry.way = way;
      entry.released$.next();
      forgetIdle(entry);
    },
  };
};
