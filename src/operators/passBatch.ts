import { narrowed, type Batch, type Frames, type StreamOptions } from '../model';
import { encodeMessage, messageAt } from '../wire/message';
import { MessageCursor } from '../wire/messageCursor';
import { runOperators, type NamedOperator } from './runOperators';
import { SortedFrames } from './sortedFrames';

/** What operators made of a batch. */
export interface PassedBatch {
  /** Of one bucket each, in the order in which their buckets appear. Where all is as it was: the batch itself. */
  readonly parts: readonly Batch[];
  readonly leftOut: number;
  /** What they failed at, as it came, and why at the first of it. */
  readonly refused: { readonly part: Batch; readonly cause: string } | undefined;
  /** Bytes of the parts that are in memory of their own. */
  readonly newBytes: number;
}

interface PassedRun extends Pick<PassedBatch, 'leftOut'> {
  readonly runs: readonly Frames[];
  readonly refused: { readonly run: Frames; readonly cause: string } | undefined;
}

const passRun = (run: Frames, operators: readonly NamedOperator[], emptyKey: StreamOptions['emptyKey']): PassedRun => {
  // Other streams read the run, and its memory is used again: what users do to a message, and keep of it, is of a copy.
  const bytes = Buffer.from(run.bytes);
  const cursor = new MessageCursor(bytes);
  const passed = new SortedFrames(run);
  const refused: Buffer[] = [];
  let cause = '';
  let leftOut = 0;
  let isSame = true;
  while (cursor.next()) {
    const given = messageAt(bytes, cursor, run);
    const made = runOperators(operators, given, (message) => encodeMessage(message, given, cursor, emptyKey));
    if (made.how === 'unchanged') {
      passed.addOld(bytes, cursor);
      continue;
    }
    isSame = false;
    if (made.how === 'changed') passed.addNew(made.bucket, made.frame);
    else if (made.how === 'leftOut') leftOut += 1;
    else if (refused.push(run.bytes.subarray(cursor.start, cursor.end)) === 1) ({ cause } = made);
  }
  return {
    runs: isSame && bytes.equals(run.bytes) ? [run] : passed.runs(),
    leftOut,
    refused:
      refused.length > 0 ? { run: { ...run, bytes: Buffer.concat(refused), count: refused.length }, cause } : undefined,
  };
};

const partOf = (batch: Batch, bucket: string, frames: readonly Frames[]): Batch => ({
  ...narrowed(batch, frames),
  ...(bucket !== batch.bucket && { bucket, cameIn: batch.bucket }),
});

const sizeOf = (frames: readonly Frames[]): number => frames.reduce((sum, { bytes }) => sum + bytes.length, 0);

/** Sends each message of a batch through `operators`. */
export const passBatch = (
  batch: Batch,
  operators: readonly NamedOperator[],
  emptyKey: StreamOptions['emptyKey'],
): PassedBatch => {
  const passed = batch.frames.map((run) => passRun(run, operators, emptyKey));
  const runs = passed.flatMap((one) => one.runs);
  if (runs.length === batch.frames.length && runs.every((run, index) => run === batch.frames[index]))
    return { parts: [batch], leftOut: 0, refused: undefined, newBytes: 0 };
  const byBucket = new Map<string, Frames[]>();
  for (const run of runs) {
    const frames = byBucket.get(run.bucket);
    if (frames) frames.push(run);
    else byBucket.set(run.bucket, [run]);
  }
  const refused = passed.flatMap((one) => one.refused ?? []);
  const [first] = refused;
  const old = new Set(batch.frames);
  return {
    parts: Array.from(byBucket, ([bucket, frames]) => partOf(batch, bucket, frames)),
    leftOut: passed.reduce((sum, one) => sum + one.leftOut, 0),
    refused: first && {
      part: narrowed(
        batch,
        refused.map(({ run }) => run),
      ),
      cause: first.cause,
    },
    newBytes: sizeOf(runs.filter((run) => !old.has(run))) + sizeOf(refused.map(({ run }) => run)),
  };
};
