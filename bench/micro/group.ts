import { mergeMap, Subject } from 'rxjs';
import { isFrames, type Close, type Frames } from '../../src/model';
import { batch } from '../../src/operators/batch';
import { groupByBucket } from '../../src/operators/groupByBucket';
import { aDecoder } from './decode';
import { bucketsOf, chunkOf } from './material';
import type { Micro } from './run';

const IDLE_MS = 60_000;
const LIMITS = { count: 10_000, bytes: 1_000_000, ms: IDLE_MS };

/** The runs of one chunk. */
const runsOf = (buckets: readonly string[]): readonly Frames[] =>
  aDecoder().push(chunkOf(buckets).bytes).filter(isFrames);

/** A chunk's runs to their groups, and there into batches. */
const grouped = (name: string, buckets: readonly string[], batches: boolean): Micro => ({
  group: 'group',
  name,
  prepare: () => {
    const runs = runsOf(buckets);
    const [source$, close$] = [new Subject<Frames>(), new Subject<Close>()];
    let taken = 0;
    source$
      .pipe(
        groupByBucket({ idleMs: IDLE_MS }),
        mergeMap((group$) => (batches ? group$.pipe(batch(LIMITS, close$)) : group$)),
      )
      .subscribe(() => (taken += 1));
    return {
      messages: runs.reduce((sum, { count }) => sum + count, 0),
      bytes: runs.reduce((sum, { bytes }) => sum + bytes.length, 0),
      call: () => {
        for (const run of runs) source$.next(run);
        return taken;
      },
    };
  },
});

export const GROUPING: readonly Micro[] = [1, 20].flatMap((count) => [
  grouped(`groupByBucket, buckets: ${count}`, bucketsOf(count), false),
  grouped(`groupByBucket and batch, buckets: ${count}`, bucketsOf(count), true),
]);
