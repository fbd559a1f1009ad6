import { write, writeSync } from 'node:fs';
import { setImmediate as soon, setTimeout as later } from 'node:timers';

/** Where the log's lines go. */
export interface LogOutput {
  readonly write: (line: string) => void;
  /** Resolves when nothing is on its way any more, or nobody has taken anything for a second. */
  readonly drained: () => Promise<void>;
  /** Writes what waits, for as long as somebody takes it; a line that was on its way may come twice. Never throws. */
  readonly flushSync: () => void;
}

/** Nobody reads, or the disk is full: what is more than this is left out. */
const MAX_WAITING_CHARACTERS = 1024 * 1024;
const AGAIN_MS = 50;
/** A reader that takes nothing for so many tries is waited for no more. */
const SYNC_TRIES = 20;
const DRAINED_WITHIN_MS = 1_000;

const isBusy = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && 'code' in error && error.code === 'EAGAIN';

const pause = (ms: number): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);

/**
 * Writes lines to a descriptor, in the background: the loop waits for no terminal, pipe or disk. A line that cannot be written is
 * left out, so that a log without a reader or without room neither fills the memory nor ends the process, nor keeps it from ending.
 */
export const createLogOutput = (fd: number): LogOutput => {
  let waiting: string[] = [];
  let characters = 0;
  let isWriting = false;
  /** On its way, but for what is written of it. */
  let chunk: Buffer = Buffer.alloc(0);
  let written = 0;
  const onDrained: (() => void)[] = [];

  const takeWaiting = (): Buffer => {
    const text = waiting.join('');
    waiting = [];
    characters = 0;
    return Buffer.from(text);
  };
  const step = (): void => {
    if (chunk.length === 0) chunk = takeWaiting();
    isWriting = chunk.length > 0;
    if (!isWriting) {
      for (const tell of onDrained.splice(0)) tell();
      return;
    }
    write(fd, chunk, (error, bytes) => {
      if (isBusy(error)) {
        later(step, AGAIN_MS);
        return;
      }
      chunk = error ? Buffer.alloc(0) : chunk.subarray(bytes);
      written += bytes;
      step();
    });
  };
  return {
    write: (line) => {
      if (characters > MAX_WAITING_CHARACTERS) return;
      waiting.push(line);
      characters += line.length;
      // What one turn of the loop says is written at once, and nothing is on its way where the turn ends in a flush.
      if (!isWriting) soon(step);
      isWriting = true;
    },
    drained: async () => {
      for (let before = NaN; isWriting && written !== before;) {
        before = written;
        await new Promise<void>((resolve) => {
          const late = later(resolve, DRAINED_WITHIN_MS);
          onDrained.push(() => {
            clearTimeout(late);
            resolve();
          });
        });
      }
    },
    flushSync: () => {
      let rest: Buffer = Buffer.concat([chunk, takeWaiting()]);
      chunk = Buffer.alloc(0);
      for (let tries = 0; rest.length > 0 && tries < SYNC_TRIES;) {
        try {
          rest = rest.subarray(writeSync(fd, rest));
          tries = 0;
        } catch (error) {
          if (!isBusy(error)) return;
          pause(AGAIN_MS);
          tries += 1;
        }
      }
    },
  };
};
