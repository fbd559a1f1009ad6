import type { FileHandle } from 'node:fs/promises';
import * as E from 'fp-ts/Either';
import * as t from 'io-ts';
import { readAt } from './plainFile';

/** Written over in place: one sector, so that it is there as a whole or as it was before, and needs no room on a full disk. */
const RECORD_BYTES = 512;

const Count = t.refinement(t.number, (n) => Number.isSafeInteger(n) && n >= 0);

const ProgressRecord = t.type({
  /** Of the file that it speaks of. */
  identity: t.string,
  /** Bytes that are sent on. */
  done: Count,
  /** Bytes that may be. */
  sending: Count,
  /** Who sends it on; null: nobody now. */
  owner: t.union([t.null, t.type({ pid: Count, started: t.string })]),
});

/** What stands in `NAME.progress`. */
export type ProgressRecord = t.TypeOf<typeof ProgressRecord>;

const parse = (text: string): ProgressRecord | undefined => {
  const json = E.tryCatch(
    (): unknown => JSON.parse(text),
    () => undefined,
  );
  const record = E.isRight(json) ? ProgressRecord.decode(json.right) : E.left(undefined);
  return E.isRight(record) && record.right.done <= record.right.sending ? record.right : undefined;
};

/** `empty`: it was made, and nothing was sent on yet; `unreadable`: whatever it was, it cannot be told. */
export const readRecord = async (handle: FileHandle): Promise<ProgressRecord | 'empty' | 'unreadable'> => {
  const bytes = await readAt(handle, 0, RECORD_BYTES);
  return bytes.length === 0 ? 'empty' : (parse(bytes.toString()) ?? 'unreadable');
};

export const recordText = (record: ProgressRecord): string => `${JSON.stringify(record).padEnd(RECORD_BYTES - 1)}\n`;

/** Durable when it resolves. */
export const writeRecord = async (handle: FileHandle, record: ProgressRecord): Promise<void> => {
  const bytes = Buffer.from(recordText(record));
  const { bytesWritten } = await handle.write(bytes, 0, bytes.length, 0);
  if (bytesWritten < bytes.length) throw new Error(`only ${bytesWritten} of ${bytes.length} bytes could be written`);
  await handle.datasync();
};
