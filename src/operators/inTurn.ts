import { separate } from 'fp-ts/ReadonlyArray';
import type { Either } from 'fp-ts/Either';
import {
  AsyncSubject,
  concat,
  defer,
  EMPTY,
  finalize,
  from,
  lastValueFrom,
  merge,
  Observable,
  queueScheduler,
  throwIfEmpty,
  type ObservableInput,
} from 'rxjs';
import { SinkError, type Batch, type Receipt, type Rest, type Sink, type Write } from '../model';

/** What became of a part of a batch: taken, or why not. */
export type Fate = Either<Rest, Batch>;

/**
 * Tries a batch once, and says of its parts, which are the batch together, what became of them. It never hangs. What it sends it copies
 * before it first waits: a batch that is given up is gone from then on, though its request may still be under way. `over` aborts then.
 * One that throws, fails, or ends without a word leaves all of the batch unknown.
 */
export type Attempt = (batch: Batch, over: AbortSignal) => ObservableInput<readonly Fate[]>;

/**
 * Makes a `Write` of attempts, which may be promises: one batch of a bucket at a time, in the order of subscription; buckets do not wait
 * for each other.
 *
 *     a        a----------       giveUp$ of b, then of a
 *     b        b--x-------       has not begun: it never does
 *     a        -----x-----       has begun, may be there
 *     c        c------c---       of the same bucket: waits for the end of a, so that nothing overtakes it
 *
 * ```ts
 * const { write, idle } = inTurn(env.name, async (batch) => [await taken(batch) ? E.right(batch) : E.left(whyNot(batch))]);
 * return { write, health$, close: idle };
 * ```
 *
 * @param sink its name, for receipts and failures
 * @returns `idle` resolves when no attempt is under way, for `close`
 */
export const inTurn = (sink: string, attempt: Attempt): { readonly write: Write; readonly idle: Sink['close'] } => {
  const last = new Map<string, Observable<never>>();

  const write: Write = (batch, giveUp$) =>
    new Observable<Receipt>((subscriber) => {
      const over = new AbortController();
      let begun = false;
      const fail = (rest: readonly Rest[]): void => subscriber.error(new SinkError(sink, rest));
      const giveUp = (): void => {
        over.abort();
        const cause = { kind: 'gave_up', message: 'told to stop before it was answered' } as const;
        fail([{ batch, cause, written: begun ? 'unknown' : 'no' }]);
      };
      subscriber.add(giveUp$.subscribe({ next: giveUp, error: giveUp }));

      const begin = (): ObservableInput<readonly Fate[]> => {
        if (over.signal.aborted) return EMPTY;
        begun = true;
        return from(attempt(batch, over.signal)).pipe(throwIfEmpty(() => 'it ended without a word'));
      };
      const tell = (fates: readonly Fate[]): void => {
        const { left: rest, right: taken } = separate(fates);
        for (const part of taken) subscriber.next({ sink, batch: part, how: 'delivered', maybeTwice: false });
        if (rest.length > 0) fail(rest);
        else subscriber.complete();
      };
      const ended$ = new AsyncSubject<never>();
      const end = (): void => {
        if (last.get(batch.bucket) === ended$) last.delete(batch.bucket);
        // By a queue: many that are given up would end one within the other, and the stack with them.
        queueScheduler.schedule(() => ended$.complete());
      };
      const before$ = last.get(batch.bucket) ?? EMPTY;
      last.set(batch.bucket, ended$);
      // Not the subscriber's own: whoever unsubscribes cancels nothing.
      concat(before$, defer(begin))
        .pipe(finalize(end))
        .subscribe({
          next: tell,
          error: (error: unknown) =>
            fail([{ batch, cause: { kind: 'unexpected', message: String(error) }, written: 'unknown' }]),
        });
    });

  return { write, idle: () => lastValueFrom(merge(...last.values()), { defaultValue: undefined }) };
};
