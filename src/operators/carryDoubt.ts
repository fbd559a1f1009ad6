import { catchError, identity, map, pipe, type MonoTypeOperatorFunction } from 'rxjs';
import { SinkError, type Receipt, type Rest } from '../model';

/** For a second attempt: after an unknown outcome its receipts may be duplicates, and what it leaves is unknown still. */
export const carryDoubt = (written: Rest['written']): MonoTypeOperatorFunction<Receipt> =>
  written === 'no'
    ? identity
    : pipe(
        map((receipt) => ({ ...receipt, maybeTwice: true })),
        catchError((error: unknown) => {
          if (!(error instanceof SinkError)) throw error;
          throw new SinkError(
            error.sink,
            error.rest.map((rest) => ({ ...rest, written })),
          );
        }),
      );
