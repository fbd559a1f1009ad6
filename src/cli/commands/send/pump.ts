import type { Connection } from '../../../client/connect';

/** Bytes of one write. */
const WRITE_BYTES = 64 * 1024;
/** With a rate, so many writes a second at most. */
const WRITES_PER_SECOND = 20;

export interface PumpOptions {
  readonly connection: Pick<Connection, 'write'>;
  readonly encode: (message: Buffer) => Buffer;
  /** Messages a second. Undefined: no pauses. */
  readonly rate: number | undefined;
  readonly now: () => number;
  readonly pause: (ms: number) => Promise<void>;
  /** Told of what was written: messages, and the bytes of their frames. */
  readonly onWritten: (messages: number, bytes: number) => void;
  /** Whether to end before the next write. */
  readonly isStopped: () => boolean;
}

/** Writes messages as frames, some at a time, each time when there is room. */
export const pump = async (
  batches: AsyncIterable<readonly Buffer[]> | Iterable<readonly Buffer[]>,
  { connection, encode, rate, now, pause, onWritten, isStopped }: PumpOptions,
): Promise<void> => {
  const atOnce = rate === undefined ? Infinity : Math.max(1, Math.floor(rate / WRITES_PER_SECOND));
  const startMs = now();
  let written = 0;
  let frames: Buffer[] = [];
  let bytes = 0;

  const flush = async (): Promise<void> => {
    const aheadMs = rate === undefined ? 0 : (written / rate) * 1000 - (now() - startMs);
    if (aheadMs > 0) await pause(aheadMs);
    if (isStopped()) return;
    await connection.write(Buffer.concat(frames));
    written += frames.length;
    onWritten(frames.length, bytes);
    frames = [];
    bytes = 0;
  };

  for await (const messages of batches) {
    for (const message of messages) {
      const frame = encode(message);
      frames.push(frame);
      bytes += frame.length;
      if (bytes >= WRITE_BYTES || frames.length >= atOnce) await flush();
      if (isStopped()) return;
    }
    if (frames.length > 0) await flush();
  }
};
