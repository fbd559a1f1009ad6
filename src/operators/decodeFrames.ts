import { Observable, type OperatorFunction } from 'rxjs';
import type { Decoded } from '../model';
import { type DecoderOptions, createDecoder } from '../wire/decoder';

export interface DecodeFramesOptions extends DecoderOptions {
  /** Told of each chunk before it is decoded. */
  readonly beforeChunk?: (bytes: number) => void;
  /** Told after each chunk, when all it completed is emitted, how many bytes of a frame that is not whole are kept. */
  readonly afterChunk?: (pendingBytes: number) => void;
}

/**
 * Decodes the bytes of one connection, however they are cut, into frames by bucket and refusals.
 *
 *     source     -[4…]--[…9 4]--[… 2^32-1]
 *     decoded    --------F-------(FR|)
 *
 * Emits what a chunk completes at once, and what is cut off (`truncated`) when the source completes. Bytes that are no frames
 * (`not_frames`) complete it, which unsubscribes from the source. Bad input is a {@link Refused}, never an error.
 *
 * One Observable and not a chain of operators: a client that connects for ten messages pays for each of them.
 */
export const decodeFrames =
  ({ beforeChunk, afterChunk, ...options }: DecodeFramesOptions): OperatorFunction<Buffer, Decoded> =>
  (source) =>
    new Observable((subscriber) => {
      const decoder = createDecoder(options);
      const emit = (decoded: readonly Decoded[]): void => {
        for (const one of decoded) subscriber.next(one);
        afterChunk?.(decoder.pending);
      };
      return source.subscribe({
        next: (chunk) => {
          // A source that emits synchronously goes on after we have completed.
          if (subscriber.closed) return;
          try {
            beforeChunk?.(chunk.length);
            emit(decoder.push(chunk));
          } catch (error) {
            subscriber.error(error);
          }
          if (decoder.done) subscriber.complete();
        },
        error: (error: unknown) => subscriber.error(error),
        complete: () => {
          emit(decoder.end());
          subscriber.complete();
        },
      });
    });
