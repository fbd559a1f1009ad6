/** Files written by a process that ends: synchronously, with little memory, saying exactly what they hold. */
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  renameSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import type { Frames } from '../model';
import { identityOf } from '../spool/plainFile';
import { recordText } from '../spool/progressRecord';
import { codeOf } from '../wire/systemErrors';

/** A file that is there, and how many messages it holds. */
export interface SpillFile {
  readonly path: string;
  readonly messages: number;
  /** Why a power cut may take it, or undefined. */
  readonly notDurable: string | undefined;
}

/** What became of the runs that were to be written to a file. */
export interface Spill {
  /** Undefined where nothing could be written. */
  readonly file: SpillFile | undefined;
  /** Messages that could not, by bucket. */
  readonly lost: ReadonlyMap<string, number>;
  readonly cause: string | undefined;
}

export interface SpillOptions {
  /** Made where it is missing. */
  readonly folder: string;
  /** Of the name `STEM.frames`, `STEM-1.frames`… */
  readonly stem: string;
  readonly encode: (run: Frames) => Buffer;
  /** Whether the messages may have been delivered already: the file's progress says so to who sends it on. */
  readonly maybeTwice: boolean;
  /** Gathers what is written. */
  readonly buffer: Buffer;
}

/** Others may be making names at the same time; so many in a row means that something else is wrong. */
const MOST_NAMES = 10_000;

interface Part {
  readonly fd: number;
  /** Its name until it is whole. */
  readonly part: string;
  readonly path: string;
}

/** Makes a file of a name that is free, as it is now and as it will be. */
const makePart = (folder: string, stem: string): Part => {
  mkdirSync(folder, { recursive: true });
  for (let number = 0; number < MOST_NAMES; number += 1) {
    const path = join(folder, `${stem}${number === 0 ? '' : `-${number}`}.frames`);
    const part = `${path}.part`;
    try {
      const fd = openSync(part, 'wx', 0o666);
      // Looked for now: whoever makes that name makes the other one first.
      if (!existsSync(path)) return { fd, part, path };
      closeSync(fd);
      unlinkSync(part);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
  throw new Error(`${folder}: ${MOST_NAMES} names of ${stem}.frames are taken`);
};

/** Runs on their way to a file, which ends with a whole run whatever happens. */
class Writer {
  /** Bytes in the file. */
  size = 0;
  messages = 0;
  /** Why nothing more is written. */
  cause: string | undefined;
  readonly lost = new Map<string, number>();
  private filled = 0;
  /** End of the last run, once all is written. */
  private end = 0;
  /** Runs that are not in the file as a whole. */
  private pending: { readonly run: Frames; readonly end: number }[] = [];

  constructor(
    private readonly fd: number,
    private readonly buffer: Buffer,
  ) {}

  add(run: Frames, bytes: Buffer): void {
    if (this.failed()) {
      this.lose(run);
      return;
    }
    this.end += bytes.length;
    this.pending.push({ run, end: this.end });
    if (this.filled + bytes.length > this.buffer.length) this.flush();
    if (this.failed()) return;
    if (bytes.length > this.buffer.length) this.write(bytes);
    else this.filled += bytes.copy(this.buffer, this.filled);
  }

  flush(): void {
    if (this.filled > 0) this.write(this.buffer.subarray(0, this.filled));
    this.filled = 0;
  }

  failed(): boolean {
    return this.cause !== undefined;
  }

  private write(bytes: Buffer): void {
    // Runs are not cut: so far the file ends with a whole one.
    let whole = this.size;
    try {
      for (let at = 0; at < bytes.length;) {
        const written = writeSync(this.fd, bytes, at);
        if (written === 0) throw new Error('nothing more can be written');
        at += written;
        this.size += written;
      }
    } catch (error) {
      this.cause = String(error);
    }
    const rest = this.pending.filter(({ run, end }) => {
      if (end > this.size) return true;
      whole = end;
      this.messages += run.count;
      return false;
    });
    this.pending = rest;
    if (!this.failed()) return;
    for (const { run } of rest) this.lose(run);
    this.cutTo(whole);
  }

  private cutTo(bytes: number): void {
    try {
      ftruncateSync(this.fd, bytes);
      this.size = bytes;
    } catch {
      // What is half there is set aside by who reads the file.
    }
  }

  private lose({ bucket, count }: Frames): void {
    this.lost.set(bucket, (this.lost.get(bucket) ?? 0) + count);
  }
}

/** Names the file whole; what goes wrong from here on costs no message, and is told. */
const finish = ({ fd, part, path }: Part, { size, messages }: Writer, maybeTwice: boolean): SpillFile => {
  const troubles: string[] = [];
  const attempt = (act: () => void): boolean => {
    try {
      act();
      return true;
    } catch (error) {
      troubles.push(String(error));
      return false;
    }
  };
  attempt(() => fsyncSync(fd));
  if (maybeTwice) {
    attempt(() => {
      const identity = identityOf(fstatSync(fd, { bigint: true }));
      writeFileSync(`${path}.progress`, recordText({ identity, done: 0, sending: size, owner: null }));
    });
  }
  attempt(() => closeSync(fd));
  const named = attempt(() => renameSync(part, path));
  attempt(() => syncFolder(dirname(path)));
  return { path: named ? path : part, messages, notDurable: troubles.length === 0 ? undefined : troubles.join('; ') };
};

const syncFolder = (folder: string): void => {
  const fd = openSync(folder, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
};

const removePart = ({ fd, part }: Part): void => {
  try {
    closeSync(fd);
    unlinkSync(part);
  } catch {
    // It is empty, and taken for what it is.
  }
};

/** Writes runs to a new file. Never throws: what cannot be written is counted, and the file ends with a whole run. */
export const writeSpill = (
  runs: Iterable<Frames>,
  { folder, stem, encode, maybeTwice, buffer }: SpillOptions,
): Spill => {
  let made: Part | undefined;
  let writer: Writer;
  try {
    made = makePart(folder, stem);
    writer = new Writer(made.fd, buffer);
  } catch (error) {
    writer = new Writer(-1, buffer);
    writer.cause = String(error);
  }
  for (const run of runs) writer.add(run, writer.failed() ? run.bytes : encode(run));
  writer.flush();
  const { lost, cause, messages } = writer;
  if (made && messages === 0) removePart(made);
  return {
    file: made && messages > 0 ? finish(made, writer, maybeTwice) : undefined,
    lost,
    cause,
  };
};
