import { narrowed, type Batch, type Frames } from '../model';
import { MessageCursor } from '../wire/messageCursor';

/** Some messages of a batch, each with what is sent for it. */
export interface Part<A> {
  readonly batch: Batch;
  readonly messages: readonly { readonly frames: Frames; readonly sent: A }[];
}

/**
 * All of a batch as one part. `encode` is given one message at a time, with its number in the batch from 0, and copies what it needs:
 * the frames are views, whose memory goes with the batch.
 */
export const wholeOf = <A>(batch: Batch, encode: (message: Frames, at: number) => A): Part<A> => ({
  batch,
  messages: batch.frames
    .flatMap((run) => {
      const cursor = new MessageCursor(run.bytes);
      const found: Frames[] = [];
      while (cursor.next()) found.push({ ...run, bytes: run.bytes.subarray(cursor.start, cursor.end), count: 1 });
      return found;
    })
    .map((frames, at) => ({ frames, sent: encode(frames, at) })),
});

/**
 * Parts of at most `size` messages, in order. One that is small enough stays as it is.
 *
 * @param size at least 1
 */
export const cut = <A>(part: Part<A>, size: number): readonly Part<A>[] => {
  const { batch, messages } = part;
  if (messages.length <= size) return [part];
  const starts = Array.from({ length: Math.ceil(messages.length / size) }, (_, n) => n * size);
  return starts.map((start) => {
    const some = messages.slice(start, start + size);
    const frames = some.map((message) => message.frames);
    return { batch: narrowed(batch, frames), messages: some };
  });
};
