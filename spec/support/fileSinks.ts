import { mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { lastValueFrom, NEVER, type Observable } from 'rxjs';
import type { Batch, CheckedSink, Env, Receipt, Sink, Spool, StreamOptions } from '../../src/model';
import { NO_OPTIONS, SinkError } from '../../src/model';
import { file } from '../../src/sinks/file';
import { MessageCursor } from '../../src/wire/messageCursor';
import { testEnv } from '../../src/testing/builders';
import { openSink } from '../../src/testing/openSink';
import { filesBelow } from './filesBelow';

/** A folder of its own for `use`, removed afterwards. */
export const inFolder = async (use: (folder: string) => Promise<void>): Promise<void> => {
  const folder = await mkdtemp(join(tmpdir(), 'kahets-files-'));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};

export const checkFile = (settings: unknown): CheckedSink => {
  const checked = file(settings, 'settings');
  if (checked._tag === 'Left') throw new Error(JSON.stringify(checked.left));
  return checked.right;
};

export const openFile = (
  settings: Readonly<Record<string, unknown>>,
  env?: Env,
  options?: StreamOptions,
): Promise<Sink> => openSink(file, settings, env, options);

/** A file sink whose files are to be sent on. */
export interface SpoolSink extends Sink {
  readonly spool: Spool;
}

export const openSpool = async (
  settings: Readonly<Record<string, unknown>>,
  env: Env = testEnv(),
  options: Partial<StreamOptions> = {},
): Promise<SpoolSink> => {
  const sink = await openFile(settings, env, { ...NO_OPTIONS, spools: true, ...options });
  const { spool } = sink;
  if (!spool) throw new Error('a sink that was opened with `spools` has a spool');
  return { ...sink, spool };
};

/** For `describeSink`: sinks on a folder of their own, which a plain file takes the place of. */
export const fileConformance = (open: (settings: Readonly<Record<string, unknown>>) => Promise<Sink>) => ({
  open: async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kahets-files-'));
    const path = join(folder, 'data');
    const sink = await open({ path, fileNameTemplate: '{bucket}/{bucket}.log', sizeRotate: 400 });
    return {
      sink,
      path,
      stored: async (bucket: string) => {
        const of = (await filesIn(join(path, bucket))).map((name) => join(path, bucket, name));
        return (await Promise.all(of.map(messagesIn))).flat();
      },
      dispose: () => rm(folder, { recursive: true, force: true }),
    };
  },
  outage: {
    begin: async ({ path }: { readonly path: string }) => {
      await rename(path, `${path}.away`);
      await writeFile(path, 'no folder');
    },
    end: async ({ path }: { readonly path: string }) => {
      await rm(path);
      await rename(`${path}.away`, path);
    },
  },
});

/** Writes and waits for the receipt. */
export const written = (sink: Sink, batch: Batch, giveUp$: Observable<unknown> = NEVER): Promise<Receipt> =>
  lastValueFrom(sink.write(batch, giveUp$));

/** The error of a write that fails. */
export const failed = async (sink: Sink, batch: Batch, giveUp$: Observable<unknown> = NEVER): Promise<SinkError> => {
  const end = await written(sink, batch, giveUp$).then(
    () => 'it was written',
    (error: unknown) => error,
  );
  if (end instanceof SinkError) return end;
  throw new Error(`expected a SinkError, got ${String(end)}`);
};

/** All files below a folder, oldest first, as paths from there. */
export const filesIn = async (folder: string): Promise<readonly string[]> =>
  (await filesBelow(folder, 'birthtimeNs')).map((path) => relative(folder, path));

export const textsIn = (bytes: Buffer): readonly string[] => {
  const cursor = new MessageCursor(bytes);
  const texts: string[] = [];
  while (cursor.next()) texts.push(bytes.toString('utf8', cursor.valueStart, cursor.end));
  return texts;
};

/** The messages of a file, as text. */
export const messagesIn = async (path: string): Promise<readonly string[]> => textsIn(await readFile(path));
