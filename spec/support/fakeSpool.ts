import { defer, of, type ObservableInput } from 'rxjs';
import type { Batch, SpoolFile } from '../../src/model';
import type { ReplayFiles, ReplayReader, ReplaySpool } from '../../src/pipelines/replay/options';
import { batchOf } from '../../src/testing/builders';

interface FakeFile {
  readonly file: SpoolFile;
  readonly batches: Batch[];
  /** Batches that are settled, as its progress says. */
  done: number;
  /** Batches that were handed out. */
  sent: number;
  closed: boolean;
}

/** Files in memory, a window a batch; each process that opens them finds their progress. */
export interface FakeSpool extends ReplaySpool, ReplayFiles {
  /** Adds a closed file of an earlier process, with a batch for each message. `bucket` undefined: its template has none. */
  readonly add: (path: string, bucket: string | undefined, batches: readonly Batch[], madeMs?: number) => void;
  /** Appends to the open file of the batch's bucket, which it makes where there is none. */
  readonly append: (batch: Batch) => void;
  /** What was done, in order. */
  readonly calls: string[];
  readonly paths: () => readonly string[];
  /** Messages that are still to go. */
  readonly left: () => number;
  /** Fails a call once: `files`, `open x`, `next x`, `remove x`, `count x`. */
  readonly fail: (call: string, error?: Error) => void;
}

export const messagesBatch = (bucket: string, ...messages: readonly string[]): Batch => batchOf(bucket, messages);

export const fakeSpool = (): FakeSpool => {
  const files = new Map<string, FakeFile>();
  const failures = new Map<string, Error>();
  const calls: string[] = [];
  let made = 0;

  const called = (call: string): void => {
    calls.push(call);
    const error = failures.get(call);
    failures.delete(call);
    if (error) throw error;
  };
  const put = (file: Omit<SpoolFile, 'bytes'>, batches: readonly Batch[], closed: boolean): FakeFile => {
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0);
    const added: FakeFile = { file: { ...file, bytes }, batches: [...batches], done: 0, sent: 0, closed };
    files.set(file.path, added);
    return added;
  };
  const openOf = (bucket: string): FakeFile | undefined =>
    [...files.values()].find(({ file, closed }) => !closed && file.bucket === bucket);

  const readerOf = (path: string, file: FakeFile): ReplayReader => {
    let at = file.done;
    return {
      next: () =>
        defer(() => {
          called(`next ${path}`);
          file.done = at;
          const batch = file.batches[at];
          if (!batch) return of(undefined);
          const maybeTwice = at < file.sent;
          at += 1;
          file.sent = Math.max(file.sent, at);
          return of({ batches: [batch], start: at - 1, end: at, maybeTwice });
        }),
      remove: () =>
        defer(() => {
          called(`remove ${path}`);
          files.delete(path);
          return of(undefined);
        }),
      close: (settled = false) =>
        defer(() => {
          called(`close ${path}`);
          if (settled) file.done = at;
          return of(undefined);
        }),
    };
  };

  return {
    calls,
    add: (path, bucket, batches, madeMs = 0) => void put({ path, bucket, madeMs, own: false }, batches, true),
    append(batch) {
      const { bucket } = batch;
      const make = (): FakeFile => put({ path: `${bucket}-${(made += 1)}`, bucket, madeMs: 0, own: true }, [], false);
      (openOf(bucket) ?? make()).batches.push(batch);
    },
    paths: () => [...files.keys()],
    left: () => [...files.values()].reduce((sum, { batches, done }) => sum + batches.slice(done).length, 0),
    fail: (call, error = new Error(`EIO: ${call}`)) => void failures.set(call, error),
    files: (closes): ObservableInput<readonly SpoolFile[]> =>
      defer(() => {
        called('files');
        for (const file of files.values())
          if (!file.closed && file.file.bucket !== undefined) file.closed = closes(file.file.bucket);
        return of([...files.values()].filter(({ closed }) => closed).map(({ file }) => file));
      }),
    open: (path) =>
      defer(() => {
        called(`open ${path}`);
        const file = files.get(path);
        if (!file) throw new Error(`ENOENT: ${path}`);
        return of(readerOf(path, file));
      }),
    count: (path) =>
      defer(() => {
        called(`count ${path}`);
        const counts = new Map<string, number>();
        const { batches = [], done = 0 } = files.get(path) ?? {};
        for (const { bucket, count } of batches.slice(done)) counts.set(bucket, (counts.get(bucket) ?? 0) + count);
        return of(counts);
      }),
  };
};
