import { readWindow } from './frameWindows';
import { naming, openPlainFile } from './plainFile';

/** What a file is, by its first frame. */
export interface Inspected {
  readonly path: string;
  readonly bytes: number;
  /** Milliseconds since 1970. */
  readonly modifiedMs: number;
  /** Why it is no file of frames; undefined: it is one. */
  readonly foreign: string | undefined;
}

const HEAD_BYTES = 4096;

/** Looks at the beginning of a file. An empty one is a file of no frames. Changes nothing. */
export const inspectFile = async (path: string): Promise<Inspected> => {
  const { handle, size, modifiedMs } = await openPlainFile(path, 'read');
  try {
    const head = await naming(path, () => readWindow(handle, 0, { size, maxBytes: HEAD_BYTES, arrivedMs: modifiedMs }));
    return { path, bytes: size, modifiedMs, foreign: head.frames.length > 0 ? undefined : head.fault?.detail };
  } finally {
    await handle.close();
  }
};
