import { defer, finalize, map, merge, mergeMap, Subject, take, type Observable } from 'rxjs';
import type { Batch, Receipt, Share, Write } from '../model';
import { refuse } from './refuse';

export interface ShareOptions {
  /** Of the sink, for its failures. */
  readonly name: string;
  readonly share: Share;
  /** What becomes of a batch for which there is no room: `refuse` leaves it to a backup, `wait` keeps it, in order, until there is. */
  readonly whenFull: 'refuse' | 'wait';
}

interface Waiting {
  readonly batch: Batch;
  readonly room$: Subject<void>;
}

/**
 * Bounds what is under way in a sink. A batch for which there is no room is refused, or waits at the door for its turn.
 * One that is larger than the whole share goes in alone.
 *
 *     write   a-b-c               each takes 5 ms, the share is two batches
 *                                 withShare({ whenFull: 'wait' })
 *     result  -----a-b--c         c began when a was done
 */
export const withShare =
  ({ name, share, whenFull }: ShareOptions) =>
  (write: Write): Write => {
    let messages = 0;
    let bytes = 0;
    let admitting = false;
    const waiting = new Set<Waiting>();

    const hasRoom = (batch: Batch): boolean =>
      messages === 0 || (messages + batch.count <= share.messages && bytes + batch.bytes <= share.bytes);

    const under = (batch: Batch, giveUp$: Observable<unknown>): Observable<Receipt> => {
      messages += batch.count;
      bytes += batch.bytes;
      return write(batch, giveUp$).pipe(
        finalize(() => {
          messages -= batch.count;
          bytes -= batch.bytes;
          admit();
        }),
      );
    };

    const admit = (): void => {
      // A write that ends at once comes back here from within.
      if (admitting) return;
      admitting = true;
      for (const one of waiting) {
        if (!hasRoom(one.batch)) break;
        waiting.delete(one);
        one.room$.next();
      }
      admitting = false;
    };

    const wait = (batch: Batch, giveUp$: Observable<unknown>): Observable<Receipt> => {
      const one: Waiting = { batch, room$: new Subject() };
      waiting.add(one);
      return merge(one.room$.pipe(map(() => true)), giveUp$.pipe(map(() => false))).pipe(
        take(1),
        mergeMap((room) =>
          room
            ? under(batch, giveUp$)
            : refuse(name, batch, { kind: 'gave_up', message: 'told to stop while the stream held its whole share' }),
        ),
        finalize(() => {
          if (waiting.delete(one)) admit();
        }),
      );
    };

    const cause = {
      kind: 'unavailable',
      message: `over its share: at most ${share.messages} messages and ${share.bytes} bytes may wait for this stream`,
    } as const;
    return (batch, giveUp$) =>
      defer(() => {
        if (waiting.size === 0 && hasRoom(batch)) return under(batch, giveUp$);
        return whenFull === 'wait' ? wait(batch, giveUp$) : refuse(name, batch, cause);
      });
  };
