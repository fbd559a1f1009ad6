import { catchError, concat, defer, from, throwError, tap, ignoreElements } from 'rxjs';
import { SinkError, type Receipt, type Write } from '../model';

/**
 * Makes whatever a sink throws a {@link SinkError}. Receipts wait for the end of the write: after an error that does not
 * say what was written, all of the batch counts as unknown, and a duplicate is better than a loss.
 *
 *     write     --r-r--X
 *                        withSinkErrors('kafka_01')
 *     result    -------#     rest = the batch, unknown
 */
export const withSinkErrors =
  (sink: string) =>
  (write: Write): Write =>
  (batch, giveUp$) =>
    defer(() => {
      const receipts: Receipt[] = [];
      return concat(
        defer(() => write(batch, giveUp$)).pipe(
          tap((receipt) => receipts.push(receipt)),
          ignoreElements(),
          catchError((error: unknown) =>
            error instanceof SinkError
              ? concat(
                  from(receipts.splice(0)),
                  throwError(() => error),
                )
              : throwError(() => unexpected(sink, batch, error)),
          ),
        ),
        defer(() => from(receipts)),
      );
    });

const unexpected = (sink: string, batch: Parameters<Write>[0], error: unknown): SinkError =>
  new SinkError(sink, [{ batch, cause: { kind: 'unexpected', message: String(error) }, written: 'unknown' }]);
