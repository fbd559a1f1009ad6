import { readFile } from 'node:fs/promises';
import type { Batch } from '../../src/model';
import { openSpoolFile, type SpoolFileOptions } from '../../src/spool/openSpoolFile';
import type { SpoolReader, Window } from '../../src/spool/spoolReader';
import { encodeFrame } from '../../src/wire/frame';
import { memoryLog, messagesOf } from '../../src/testing/builders';

/** Frames of one bucket, one for each message. */
export const framesOf = (bucket: string, ...messages: readonly string[]): Buffer =>
  Buffer.concat(messages.map((message) => encodeFrame(bucket, message)));

export const openQuietly = (path: string, options: Partial<SpoolFileOptions> = {}): Promise<SpoolReader> =>
  openSpoolFile(path, { log: memoryLog(), ...options });

/** All windows up to the end. */
export const windowsOf = async (reader: SpoolReader): Promise<readonly Window[]> => {
  const windows: Window[] = [];
  for (;;) {
    const window = await reader.next();
    if (!window) return windows;
    windows.push(window);
  }
};

export const textsOf = (windows: readonly { readonly batches: readonly Batch[] }[]): readonly string[] =>
  windows.flatMap(({ batches }) => batches.flatMap(messagesOf));

/** The record of a file's progress; undefined where there is none. */
export const progressOf = async (path: string): Promise<Readonly<Record<string, unknown>> | undefined> => {
  try {
    return JSON.parse(await readFile(`${path}.progress`, 'utf8')) as Readonly<Record<string, unknown>>;
  } catch {
    return undefined;
  }
};

/** What a promise rejects with. */
export const errorOf = async (promise: Promise<unknown>): Promise<Error> => {
  const end = await promise.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (end instanceof Error) return end;
  throw new Error(`expected a rejection, got ${String(end)}`);
};
