import { firstValueFrom, timer, takeUntil, type Observable } from 'rxjs';

/** Pauses that end early, and those after it at once, when `interrupted$` emits. */
export const pauseUntil =
  (interrupted$: Observable<unknown>) =>
  async (ms: number): Promise<void> => {
    await firstValueFrom(timer(ms).pipe(takeUntil(interrupted$)), { defaultValue: 0 });
  };
