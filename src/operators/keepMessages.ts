import { narrowed, type Batch, type Frames } from '../model';
import { MessageCursor } from '../wire/messageCursor';

const keepOf = (run: Frames, keeps: (bytes: Buffer, cursor: MessageCursor) => boolean): Frames => {
  const { bytes } = run;
  const cursor = new MessageCursor(bytes);
  const kept: Buffer[] = [];
  while (cursor.next()) if (keeps(bytes, cursor)) kept.push(bytes.subarray(cursor.start, cursor.end));
  return { ...run, bytes: Buffer.concat(kept), count: kept.length };
};

/** The batch of those messages alone that `keeps` holds for, copied: a few must not pin the many they came with. */
export const keepMessages = (batch: Batch, keeps: (bytes: Buffer, cursor: MessageCursor) => boolean): Batch =>
  narrowed(
    batch,
    batch.frames.map((run) => keepOf(run, keeps)).filter(({ count }) => count > 0),
  );
