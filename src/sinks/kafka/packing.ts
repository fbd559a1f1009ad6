import type { Cause } from '../../model';
import { LENGTH_BYTES } from '../../wire/frame';
import { MessageCursor } from '../../wire/messageCursor';
import type { Message, Part } from './delivery';
import type { ProducerBatch } from './producerBatch';
import type { RecordBatch } from './recordBatch';

/** The messages of `parts`, in order. */
export const messagesOf = (parts: readonly Part[]): readonly Message[] =>
  parts.flatMap((part) => part.delivery.messagesOf(part));

/** Appends one message; false: there is no room. */
const append = (records: RecordBatch, { frames: { bytes, arrivedMs }, start, end }: Message): boolean => {
  const bucketLength = bytes[start + LENGTH_BYTES] ?? 0;
  if (bucketLength > 0) return records.append(bytes, start, end, bucketLength, arrivedMs) === end;
  const cursor = new MessageCursor(bytes);
  cursor.moveTo(start);
  return records.appendRecord(bytes, cursor, cursor.timestampMs ?? arrivedMs);
};

/** Encodes `messages` again, into as many new batches as they need; those take no more after that. */
export const pack = (messages: readonly Message[], newBatch: () => ProducerBatch): readonly ProducerBatch[] => {
  const packed: ProducerBatch[] = [];
  const add = (batch: ProducerBatch, message: Message): boolean => {
    if (!append(batch.records, message)) return false;
    message.delivery.reassign(message.index, batch.partOf(message.delivery));
    return true;
  };
  for (const message of messages) {
    const last = packed[packed.length - 1];
    if (last && add(last, message)) continue;
    const fresh = newBatch();
    packed.push(fresh);
    add(fresh, message);
  }
  for (const batch of packed) batch.state = 'sealed';
  return packed;
};

/** Takes the records of `batch` at the places `failed` into parts of their own, and leaves those that nobody waits for. */
export const sortOut = (
  batch: ProducerBatch,
  failed: ReadonlyMap<number, Cause>,
): { readonly stays: readonly Message[]; readonly fails: readonly (readonly [Part, Cause])[] } => {
  const stays: Message[] = [];
  const fails: (readonly [Part, Cause])[] = [];
  messagesOf(batch.parts).forEach((message, place) => {
    const cause = failed.get(place);
    if (message.delivery.fateOf(message)) return;
    if (cause) fails.push([message.delivery.moveToNewPart(message), cause]);
    else stays.push(message);
  });
  return { stays, fails };
};
