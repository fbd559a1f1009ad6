import { NEVER, type Observable } from 'rxjs';
import { SinkError, type Batch, type Receipt, type Rest, type Sink } from '../model';

/** What became of a batch. */
export interface Written {
  readonly receipts: readonly Receipt[];
  /** What has no receipt. */
  readonly rest: readonly Rest[];
}

/**
 * Writes a batch, which begins at once, and resolves when the write has ended: with its failure as a value. Rejects only where that is no
 * {@link SinkError}.
 *
 * ```ts
 * expect(await written(sink, batch)).toEqual({ receipts: [delivered(batch)], rest: [] });
 * ```
 *
 * @param giveUp$ default: never
 */
export const written = (
  sink: Pick<Sink, 'write'>,
  batch: Batch,
  giveUp$: Observable<unknown> = NEVER,
): Promise<Written> =>
  new Promise((resolve, reject) => {
    const receipts: Receipt[] = [];
    sink.write(batch, giveUp$).subscribe({
      next: (receipt) => receipts.push(receipt),
      complete: () => resolve({ receipts, rest: [] }),
      error: (error: unknown) => {
        if (error instanceof SinkError) resolve({ receipts, rest: error.rest });
        else reject(new Error('a write failed with something that is no SinkError', { cause: error }));
      },
    });
  });
