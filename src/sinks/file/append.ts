import type { FileHandle } from 'node:fs/promises';

/** What can be written to: a file handle. */
export interface Appendable {
  readonly writev: (buffers: readonly Buffer[]) => Promise<{ readonly bytesWritten: number }>;
}

/** How much of it lies in the file, and what stopped the rest. */
export interface Appended {
  readonly bytes: number;
  readonly error?: unknown;
}

/** What of `buffers` is behind their first `bytes`. */
const after = (buffers: readonly Buffer[], bytes: number): readonly Buffer[] => {
  let skip = bytes;
  for (const [index, buffer] of buffers.entries()) {
    if (skip < buffer.length) return [buffer.subarray(skip), ...buffers.slice(index + 1)];
    skip -= buffer.length;
  }
  return [];
};

/** Writes all of `buffers` at the end of the file; a short write goes on where it stopped. Never rejects. */
export const append = async (file: Appendable, buffers: readonly Buffer[]): Promise<Appended> => {
  let bytes = 0;
  for (let left = buffers; left.length > 0;) {
    try {
      const { bytesWritten } = await file.writev(left);
      if (bytesWritten === 0) return { bytes, error: new Error('the file takes no bytes') };
      bytes += bytesWritten;
      left = after(left, bytesWritten);
    } catch (error) {
      return { bytes, error };
    }
  }
  return { bytes };
};

/** Cuts a file that should have `size` bytes back to `end`. False: it may still hold what is behind. */
export const cutBack = async (file: FileHandle, size: number, end: number): Promise<boolean> => {
  if (size === end) return true;
  try {
    // Another size: somebody else writes to it, and what would be cut off is not known to be ours.
    if ((await file.stat()).size !== size) return false;
    await file.truncate(end);
    return true;
  } catch {
    return false;
  }
};
