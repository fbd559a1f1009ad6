import { defer, Observable } from 'rxjs';
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
    new Observable((destination) => {
      const receipts: Receipt[] = [];
      const tell = (): void => receipts.forEach((receipt) => destination.next(receipt));
      destination.add(
        defer(() => write(batch, giveUp$)).subscribe({
          next: (receipt) => receipts.push(receipt),
          error: (error: unknown) => {
            if (error instanceof SinkError) tell();
            destination.error(error instanceof SinkError ? error : unexpected(sink, batch, error));
          },
          complete: () => {
            tell();
            destination.complete();
          },
        }),
      );
    });

const unexpected = (sink: string, batch: Parameters<Write>[0], error: unknown): SinkError =>
  new SinkError(sink, [{ batch, cause: { kind: 'unexpected', message: String(error) }, written: 'unknown' }]);
