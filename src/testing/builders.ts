import { asyncScheduler } from 'rxjs';
import { createHeld } from '../control/held';
import { createLedger } from '../control/ledger';
import { createSlots } from '../control/slots';
import { createUnsettled } from '../control/unsettled';
import {
  emptyOutcome,
  logOf,
  narrowed,
  newOrigin,
  type Batch,
  type Blocks,
  type Env,
  type Frames,
  type Log,
  type Outcome,
  type Receipt,
  type Rest,
} from '../model';
import { createBlocks } from '../operators/blocks';
import { keepMessages } from '../operators/keepMessages';
import { encodeFrame } from '../wire/frame';
import { MessageCursor } from '../wire/messageCursor';

/** The epoch of a connection of its own. */
export const anOrigin = newOrigin;

/** A run of frames of one bucket, one for each message. */
export const frames = (bucket: string, messages: readonly string[], origin = anOrigin()): Frames => {
  const bytes = Buffer.concat(messages.map((message) => encodeFrame(bucket, message)));
  return { bucket, bytes, count: messages.length, arrivedMs: 0, origin };
};

/** A batch of `messages`, each in a run of its own. */
export const batchOf = (bucket: string, messages: readonly string[], closedBy: Batch['closedBy'] = 'count'): Batch =>
  narrowed(
    { bucket, frames: [], count: 0, bytes: 0, closedBy },
    messages.map((message) => frames(bucket, [message])),
  );

/** A batch of whole frames and records, as they were encoded, all in one run. */
export const batchOfRun = (bucket: string, encoded: readonly Buffer[], arrivedMs = 0): Batch => {
  const bytes = Buffer.concat(encoded);
  const count = encoded.length;
  const run: Frames = { bucket, bytes, count, arrivedMs, origin: anOrigin() };
  return { bucket, frames: [run], count, bytes: bytes.length, closedBy: 'count' };
};

/** The messages of a batch as text, in order. */
export const messagesOf = ({ frames: runs }: Pick<Batch, 'frames'>): readonly string[] =>
  runs.flatMap(({ bytes }) => {
    const cursor = new MessageCursor(bytes);
    const found: string[] = [];
    while (cursor.next()) found.push(bytes.toString('utf8', cursor.valueStart, cursor.end));
    return found;
  });

/** The batch of those messages alone that `keeps` holds for, such as a receipt or the rest of a write speaks for. */
export const partOf = (batch: Batch, keeps: (message: string) => boolean): Batch =>
  keepMessages(batch, (bytes, { valueStart, end }) => keeps(bytes.toString('utf8', valueStart, end)));

/** The receipt of a batch that a sink has taken. */
export const delivered = (batch: Batch, sink = 'sink'): Receipt => ({
  sink,
  batch,
  how: 'delivered',
  maybeTwice: false,
});

/** An outcome with zeros where nothing else is given. */
export const outcomeOf = (stream: string, batch: Batch, counts: Partial<Outcome> = {}): Outcome => ({
  ...emptyOutcome(stream, batch),
  ...counts,
});

/** The rest of a write whose sink took nothing of `batch`: later it may. */
export const unavailable = (batch: Batch, written: Rest['written'] = 'no'): Rest => ({
  batch,
  cause: { kind: 'unavailable', message: 'not there' },
  written,
});

/** A log that keeps its lines, to look at. */
export const memoryLog = (): Log & {
  readonly lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[];
} => {
  const lines: { level: string; message: string; fields: Readonly<Record<string, unknown>> }[] = [];
  return {
    lines,
    ...logOf((level) => (message, fields = {}) => {
      lines.push({ level, message, fields });
    }),
  };
};

/** Blocks whose messages are gone at once when they are given back, so that whoever still reads them is found out. */
const wipingBlocks = (): Blocks => {
  const blocks = createBlocks(1 << 30);
  return { ...blocks, giveBack: (block) => blocks.giveBack(block.fill(0xdd)) };
};

/** An environment of real parts with a fixed clock and a quiet log; give it what the spec needs otherwise. */
export const testEnv = (parts: Partial<Env> = {}): Env => ({
  name: 'stream',
  hostname: 'host',
  scheduler: asyncScheduler,
  now: () => 1_700_000_000_000,
  random: () => 0.5,
  log: memoryLog(),
  ledger: createLedger(),
  held: createHeld({ high: 1 << 30, low: 1 << 29 }),
  unsettled: createUnsettled().unsettled,
  compressions: createSlots(1),
  blocks: wipingBlocks(),
  maxBuckets: 10_000,
  ...parts,
});
