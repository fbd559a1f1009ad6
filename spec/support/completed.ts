import type { Observable } from 'rxjs';

/** Subscribes; whether it has completed. */
export const completed = (source$: Observable<unknown>): (() => boolean) => {
  let done = false;
  source$.subscribe({ complete: () => (done = true) });
  return () => done;
};
