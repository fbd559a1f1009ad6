import type { Cause } from '../../model';
import { LENGTH_BYTES } from '../../wire/frame';
import type { Message, Part } from './delivery';
import type { ProducerBatch } from './producerBatch';

/** The messages of `parts`, in order. */
export const messagesOf = (parts: readonly Part[]): readonly Message[] =>
  parts.flatMap((part) => part.delivery.messagesOf(part));

/** Encodes `messages` again, into as many new batches as they need; those take no more after that. */
export const pack = (messages: readonly Message[], newBatch: () => ProducerBatch): readonly ProducerBatch[] => {
  const packed: ProducerBatch[] = [];
  const add = (batch: ProducerBatch, { delivery, frames, start, end, index }: Message): boolean => {
    const { bytes, arrivedMs } = frames;
    if (batch.records.append(bytes, start, end, bytes[LENGTH_BYTES] ?? 0, arrivedMs) < end) return false;
    delivery.reassign(index, batch.partOf(delivery));
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
