import type { Writable } from 'node:stream';

/** Writes as fast as somebody reads. */
export interface Output {
  /** Whether nobody reads any more. */
  readonly isClosed: () => boolean;
  /** Resolves when there is room for more, or nobody reads any more. */
  readonly write: (bytes: Buffer) => Promise<void>;
}

/** Where the reader ends (`| head`) it is closed, and nothing is said of it. */
export const outputTo = (stream: Writable): Output => {
  let closed = false;
  const over = new Promise<void>((resolve) => {
    const end = (): void => {
      closed = true;
      resolve();
    };
    // One that stays: a failed write is told later than the next one is tried.
    stream.on('error', end);
    stream.once('close', end);
  });
  return {
    isClosed: () => closed,
    write: async (bytes) => {
      if (closed || bytes.length === 0) return;
      if (!stream.write(bytes))
        await Promise.race([new Promise<void>((resolve) => stream.once('drain', resolve)), over]);
    },
  };
};
