import { frameWindows, type Fault } from './frameWindows';
import { naming, openPlainFile } from './plainFile';
import { doneOf } from './progress';
import type { Frames } from '../model';

/** What is in memory at a time. */
const WINDOW_BYTES = 256 * 1024;

/** A file that was looked through. */
export interface Survey {
  readonly bytes: number;
  /** Bytes that its progress says are sent on; what is in front of them was not looked at. */
  readonly done: number;
  /** Where it stops being frames. */
  readonly fault: Fault | undefined;
}

/** Shows `each` the frames of a file that are still to be sent on, a window at a time; nothing is taken or changed. */
export const surveyFile = async (path: string, each: (frames: Frames) => void): Promise<Survey> => {
  const file = await openPlainFile(path, 'read');
  try {
    const done = await doneOf(file);
    const { handle, size, modifiedMs: arrivedMs } = file;
    let found: Fault | undefined;
    await naming(path, async () => {
      for await (const { frames, fault } of frameWindows(handle, done, { size, maxBytes: WINDOW_BYTES, arrivedMs })) {
        frames.forEach(each);
        found = fault;
      }
    });
    return { bytes: size, done, fault: found };
  } finally {
    await file.handle.close();
  }
};

/** How many messages of each bucket a file still has to send on. Between two small windows others have their turn. */
export const countFile = async (path: string): Promise<ReadonlyMap<string, number>> => {
  const counts = new Map<string, number>();
  await surveyFile(path, ({ bucket, count }) => counts.set(bucket, (counts.get(bucket) ?? 0) + count));
  return counts;
};
