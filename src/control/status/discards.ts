import type { Frames, Outcome, RefusedReason } from '../../model';
import { MessageCursor } from '../../wire/messageCursor';
import { NO_BUCKET, OTHER_BUCKETS } from '../ledger';

/** Messages that went nowhere for one reason. */
export interface Discard {
  /** Bucket and stream are `(none)` for what no bucket took. */
  readonly bucket: string;
  readonly stream: string;
  readonly reason: string;
  readonly count: number;
  readonly firstMs: number;
  readonly lastMs: number;
  /** How one of the messages begins, what is not printable ASCII escaped. Only where messages may be shown. */
  readonly prefix?: string;
}

export interface Discards {
  readonly refused: (reason: RefusedReason, count: number, frames?: Pick<Frames, 'bucket' | 'bytes'>) => void;
  readonly outcome: (outcome: Outcome) => void;
  /** The latest first. */
  readonly list: () => readonly Discard[];
}

const MOST_ENTRIES = 200;
const PREFIX_BYTES = 64;

const escapeByte = (byte: number): string =>
  byte >= 0x20 && byte < 0x7f && byte !== 0x5c ? String.fromCharCode(byte) : `\\x${byte.toString(16).padStart(2, '0')}`;

/** How the first message begins. */
export const prefixOf = (bytes: Buffer): string | undefined => {
  const cursor = new MessageCursor(bytes);
  if (!cursor.next()) return undefined;
  const { valueStart, end } = cursor;
  const shown = bytes.subarray(valueStart, Math.min(end, valueStart + PREFIX_BYTES));
  return [...shown].map(escapeByte).join('') + (end - valueStart > PREFIX_BYTES ? '…' : '');
};

export interface DiscardsOptions {
  /** Whether a message may be shown, in part. */
  readonly showMessages: boolean;
  readonly now: () => number;
  /** Takes secrets out of what is shown. */
  readonly hide: (text: string) => string;
}

/**
 * What was discarded since the start, by bucket, stream and reason: at most 200 entries, since clients choose the names of buckets;
 * the rest is counted under `(other)`.
 */
export const createDiscards = ({ showMessages, now, hide }: DiscardsOptions): Discards => {
  const entries = new Map<string, Discard>();

  const note = (
    { bucket, stream, reason }: Pick<Discard, 'bucket' | 'stream' | 'reason'>,
    count: number,
    bytes: Buffer | undefined,
  ): void => {
    const key = JSON.stringify([bucket, stream, reason]);
    if (!entries.has(key) && entries.size >= MOST_ENTRIES && bucket !== OTHER_BUCKETS) {
      note({ bucket: OTHER_BUCKETS, stream, reason }, count, undefined);
      return;
    }
    const before = entries.get(key);
    const prefix = before?.prefix ?? (showMessages && bytes ? prefixOf(bytes) : undefined);
    const atMs = now();
    // Behind the others: the order is that of the last one each.
    entries.delete(key);
    entries.set(key, {
      ...{ bucket, stream, reason },
      count: (before?.count ?? 0) + count,
      firstMs: before?.firstMs ?? atMs,
      lastMs: atMs,
      ...(prefix !== undefined && { prefix }),
    });
  };

  return {
    refused: (reason, count, frames) =>
      note({ bucket: frames?.bucket ?? NO_BUCKET, stream: NO_BUCKET, reason }, count, frames?.bytes),
    outcome: ({ stream, batch, dropped, sampledOut }) => {
      for (const { reason, count } of dropped) {
        // Which messages of a batch were dropped is not known, unless it was all of them.
        const isAll = count === batch.count && sampledOut === 0;
        note({ bucket: batch.bucket, stream, reason }, count, isAll ? batch.frames[0]?.bytes : undefined);
      }
    },
    list: () =>
      [...entries.values()]
        .reverse()
        .map(({ prefix, ...entry }) => ({ ...entry, ...(prefix !== undefined && { prefix: hide(prefix) }) })),
  };
};
