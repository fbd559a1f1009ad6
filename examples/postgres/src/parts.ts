import { isLeft, left } from 'fp-ts/Either';
import { MessageCursor, type Batch, type Frames } from 'kahets';
import type { Fate } from './inTurn';

/** Some messages of a batch, each with what is sent for it. */
export interface Part<A> {
  readonly batch: Batch;
  readonly messages: readonly { readonly frames: Frames; readonly sent: A }[];
}

/** All of a batch. `encode` is given one message at a time and copies what it needs: the frames are views, whose memory goes with the batch. */
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

/** Parts of at most `size` messages, in order. One that is small enough stays as it is. */
export const cut = <A>(part: Part<A>, size: number): readonly Part<A>[] => {
  const { batch, messages } = part;
  if (messages.length <= size) return [part];
  const starts = Array.from({ length: Math.ceil(messages.length / size) }, (_, n) => n * size);
  return starts.map((start) => {
    const some = messages.slice(start, start + size);
    const frames = some.map((message) => message.frames);
    const bytes = frames.reduce((sum, run) => sum + run.bytes.length, 0);
    return { batch: { ...batch, frames, count: frames.length, bytes }, messages: some };
  });
};

/** Writes one part after the other. Behind a failure that may pass nothing more is written: it would overtake. */
export const oneByOne = async <A>(
  parts: readonly Part<A>[],
  write: (part: Part<A>) => Promise<readonly Fate[]>,
): Promise<readonly Fate[]> => {
  const fates: Fate[] = [];
  for (const part of parts) {
    const stop = fates.filter(isLeft).find(({ left: { cause } }) => cause.kind !== 'poison');
    fates.push(...(stop ? [left({ ...stop.left, batch: part.batch, written: 'no' as const })] : await write(part)));
  }
  return fates;
};
