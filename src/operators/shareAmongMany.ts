import { type MonoTypeOperatorFunction, Observable, type Subscriber, type Subscription } from 'rxjs';

/**
 * One subscription for all, as `share()`, where thousands come and go: to come and to leave costs the same however many there are,
 * while a Subject looks through all of its observers for the one that leaves.
 *
 *     source    --a--b--c--|
 *     first     --a--!             the source is left with the last one
 *     second       --b--c--|
 *
 * @see rxjs share
 */
export const shareAmongMany =
  <A>(): MonoTypeOperatorFunction<A> =>
  (source$) => {
    const listeners = new Set<Subscriber<A>>();
    let connection: Subscription | undefined;

    const tell = (say: (listener: Subscriber<A>) => void): void => [...listeners].forEach(say);
    const leave = (listener: Subscriber<A>): void => {
      listeners.delete(listener);
      if (listeners.size > 0) return;
      connection?.unsubscribe();
      connection = undefined;
    };
    return new Observable((listener) => {
      listeners.add(listener);
      listener.add(() => leave(listener));
      // One that ended while it was made is no connection.
      if (connection?.closed === false) return;
      connection = source$.subscribe({
        next: (value) => tell((one) => one.next(value)),
        error: (error: unknown) => tell((one) => one.error(error)),
        complete: () => tell((one) => one.complete()),
      });
    });
  };
