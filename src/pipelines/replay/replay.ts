import {
  catchError,
  concat,
  defer,
  ignoreElements,
  merge,
  mergeMap,
  of,
  repeat,
  Subject,
  switchMap,
  take,
  takeUntil,
  tap,
  timer,
  type Observable,
} from 'rxjs';
import { createFileSender } from './fileSender';
import { createFound } from './found';
import { createList, type Listing } from './listing';
import type { ReplayOptions } from './options';
import { createRounds, type RoundEnd } from './rounds';

/**
 * Sends on what a stream's backup and the last drain have kept: at the start, when the primary is back, and every `retryMs` while
 * something is left. It ends some time after `stop$`, and never fails.
 *
 *     backup       ab---c----------          files
 *     primary      ---up---------down--up
 *     sent on      ----a-b---c---------
 *
 * One file after the other, the oldest first, through the breakers of live traffic. What is not taken holds up what comes after
 * it of its bucket, and no other.
 */
export const replay = (options: ReplayOptions): Observable<never> =>
  defer(() => {
    const { stream, primary, owned$, retryMs, stop$, env } = options;
    const { log, random, scheduler } = env;
    const found = createFound(options);
    const sender = createFileSender(options, found);
    let owned = false;
    let woken = false;
    let isSending = false;
    let last: RoundEnd = { left: false, again: false };
    /** Something was written since the round began. */
    let more = false;
    const woken$ = new Subject<void>();
    const more$ = new Subject<void>();

    const tellListed = ({ files }: Listing): void => {
      if (isSending || files.length === 0) return;
      isSending = true;
      const bytes = files.reduce((sum, { file }) => sum + file.bytes, 0);
      log.info('replay: messages wait to be sent on', { stream, files: files.length, bytes });
    };
    const tellEnd = ({ left }: RoundEnd): void => {
      if (!isSending || left) return;
      isSending = false;
      log.info('replay: all messages are sent on', { stream, messages: sender.messages() });
    };
    const rounds = createRounds({
      ...{ sender, order: primary.order, isOpen: primary.isOpen, scheduler, tellListed },
      list: createList(options, found.add, () => owned),
    });

    const safe = (round$: Observable<RoundEnd>): Observable<RoundEnd> =>
      round$.pipe(
        catchError((error: unknown) => {
          log.warn('replay: the files cannot be listed, tried again', { stream, cause: String(error) });
          return of({ left: true, again: false });
        }),
        tap((end) => (last = end)),
        tap(tellEnd),
      );

    const next$ = primary.health$.pipe(
      take(1),
      mergeMap(({ state }) => {
        const retry = !last.again || woken;
        woken = false;
        if (state === 'down') return of({ left: last.left, again: false });
        more = false;
        return rounds.round(retry);
      }),
    );

    const wait = (): Observable<unknown> =>
      defer(() => {
        if (last.again || woken) return of(0);
        const soon$ = timer(retryMs * (0.8 + 0.4 * random()), scheduler);
        return merge(
          woken$,
          last.left || more
            ? soon$
            : more$.pipe(
                take(1),
                switchMap(() => soon$),
              ),
        ).pipe(take(1));
      }).pipe(takeUntil(stop$));

    const wake = (): void => {
      woken = true;
      woken$.next();
    };
    const signals$ = merge(
      primary.returned$.pipe(tap(wake)),
      owned$.pipe(
        take(1),
        tap(() => (owned = true)),
        tap(wake),
      ),
      primary.backedUp$.pipe(
        tap(() => {
          more = true;
          more$.next();
        }),
      ),
      found.all$,
    ).pipe(ignoreElements(), takeUntil(stop$));

    const unlessStopped$ = of(0).pipe(takeUntil(stop$));
    const loop$ = concat(
      safe(defer(() => rounds.look())),
      unlessStopped$.pipe(mergeMap(() => safe(next$).pipe(repeat({ delay: wait })))),
      sender.forget(),
    ).pipe(ignoreElements());
    return merge(signals$, loop$);
  });
