import {
  concat,
  defer,
  EMPTY,
  finalize,
  ignoreElements,
  map,
  merge,
  mergeMap,
  of,
  Subject,
  takeUntil,
  tap,
  timer,
} from 'rxjs';
import type { Observable, SchedulerLike } from 'rxjs';
import type { Order } from '../../operators/order';
import type { FileSender } from './fileSender';
import { Lanes, sendAll } from './lanes';
import { DRAIN, laneOf, MIXED, type List, type Listing } from './listing';

/** What a round found. */
export interface RoundEnd {
  /** Whether something is still to be sent on. */
  readonly left: boolean;
  /** Whether the next round is worth no wait. */
  readonly again: boolean;
}

export interface Rounds {
  /** Looks, and closes and sends nothing. */
  readonly look: () => Observable<RoundEnd>;
  /** Sends on what gets through. `retry`: also that of which the last round got nothing through. */
  readonly round: (retry: boolean) => Observable<RoundEnd>;
}

export interface RoundsOptions {
  readonly list: List;
  readonly sender: FileSender;
  readonly isOpen: () => boolean;
  readonly order: Order | undefined;
  readonly scheduler: SchedulerLike;
  readonly tellListed: (listing: Listing) => void;
}

/** A bucket of which less is listed is as good as caught up with. */
const NEAR_BYTES = 4_000_000;
/** What came of a bucket in the meantime waits at most this long for it. */
const MAX_HOLD_MS = 5_000;

/** Lists and sends on, lane by lane; with an `order` the buckets that are caught up with return to the primary. */
export const createRounds = ({ list, sender, isOpen, order, scheduler, tellListed }: RoundsOptions): Rounds => {
  const lanes = new Lanes(order !== undefined);

  const listAll: List = (closes) =>
    defer(() => {
      order?.listing();
      lanes.begin();
      return list(closes);
    }).pipe(
      tap((listing) => {
        lanes.note(listing.files);
        order?.listed(bucketsOf(listing));
        tellListed(listing);
      }),
    );

  /** Holds what comes of `buckets`, sends the last of what is in the backup, and lets them return. */
  const finish = (buckets: readonly string[], own: Order): Observable<never> => {
    const near = new Set(buckets.map(laneOf));
    const done$ = new Subject<void>();
    const release = (way: (bucket: string) => 'primary' | 'backup'): void => {
      for (const bucket of buckets) own.release(bucket, way(bucket));
    };
    const work$ = concat(
      merge(...buckets.map((bucket) => own.hold(bucket))),
      list((closed) => closed.some((lane) => near.has(lane))).pipe(
        mergeMap(({ files }) =>
          sendAll(
            files.filter(({ lane }) => near.has(lane)),
            lanes,
            sender,
            isOpen,
          ),
        ),
      ),
      defer(() => {
        release((bucket) => (lanes.isBlocked(laneOf(bucket)) ? 'backup' : 'primary'));
        return EMPTY;
      }),
    ).pipe(
      finalize(() => {
        release(() => 'backup');
        done$.next();
      }),
    );
    const late$ = timer(MAX_HOLD_MS, scheduler).pipe(
      tap(() => release(() => 'backup')),
      ignoreElements(),
      takeUntil(done$),
    );
    return merge(late$, work$);
  };

  const catchUp = (): Observable<never> =>
    defer(() => {
      let bytes = 0;
      const near = [...(order?.diverted() ?? [])].filter((bucket) => {
        if (lanes.isBlocked(laneOf(bucket))) return false;
        bytes += lanes.bytesOf(laneOf(bucket));
        return bytes <= NEAR_BYTES;
      });
      return order && near.length > 0 ? finish(near, order) : EMPTY;
    });

  const isLeft = (): boolean => {
    const diverted = order ? order.diverted() : new Set();
    return lanes.isLeft || diverted === undefined || diverted.size > 0;
  };

  return {
    look: () =>
      listAll(() => false).pipe(map(({ files, complete }) => ({ left: files.length > 0 || !complete, again: false }))),
    round: (retry) =>
      defer(() => {
        const before = sender.progress();
        return listAll((asked) => lanes.mayClose(asked, isOpen())).pipe(
          tap(() => retry && lanes.retry()),
          mergeMap(({ files }) =>
            concat(
              sender.forget(files.map(({ file }) => file)),
              sendAll(files, lanes, sender, isOpen),
              catchUp(),
              defer(() => {
                const left = isLeft();
                return of({ left, again: left && !lanes.halted && sender.progress() > before });
              }),
            ),
          ),
        );
      }),
  };
};

const bucketsOf = ({ files, complete }: Listing): ReadonlySet<string> | undefined => {
  if (!complete || files.some(({ lane }) => lane === MIXED || lane === DRAIN)) return undefined;
  return new Set(files.flatMap(({ file: { bucket } }) => bucket ?? []));
};
