import * as E from 'fp-ts/Either';
import { catchError, map, of, repeat, type Observable } from 'rxjs';
import { events } from '../../../client/http';
import { HttpError } from '../../../client/httpError';
import type { HttpAddress } from '../../../config/envCodecs';
import { documentFrom, pathOf } from '../../status/ask';
import type { Happening } from './model';

/** As many rows as an event may have. */
const MOST_ROWS = 500;
/** It tells every second; who is quiet for so long hangs. */
const QUIET_MS = 5_000;
const AGAIN_MS = 1_000;

/**
 * What the daemon tells of itself, every second. Where it is away, that is told, and it is asked again a second later. Never fails,
 * never completes.
 *
 *     daemon   --d--d--#     #     --d--d
 *     watched  --d--d--a-----a-------d--d
 *
 * @param bucket part of the names of the buckets that are asked for
 */
export const watchDaemon = (address: HttpAddress, bucket: string): Observable<Happening> =>
  events(address, pathOf('/events', { bucket, limit: MOST_ROWS }), { quietMs: QUIET_MS }).pipe(
    map(({ data }): Happening => {
      const document = documentFrom(address)(data);
      if (E.isLeft(document)) throw document.left;
      return { kind: 'told', document: document.right };
    }),
    catchError((error: unknown) => {
      if (!(error instanceof HttpError)) throw error;
      return of<Happening>({ kind: 'away', problem: error.message });
    }),
    repeat({ delay: AGAIN_MS }),
  );
