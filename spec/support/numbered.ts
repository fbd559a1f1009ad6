/** Messages that can be told apart: what arrived is checked by number, checksum and order, not by count alone. */
import { crc32 } from '@node-rs/crc32';
import { readFile } from 'node:fs/promises';
import { encodeFrame, LENGTH_BYTES } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import type { Client } from './client';
import { filesBelow } from './filesBelow';

const HEAD = /^n=(\d+) crc=([0-9a-f]{8}) /;
const HEAD_BYTES = 40;
/** Copies of a message are counted up to here. */
const MOST_TIMES = 255;

/** A message as clients/php/send.php makes them. */
const numberedMessage = (n: number, key: string, filler: string): string =>
  `n=${n} crc=${crc32(key + filler)
    .toString(16)
    .padStart(8, '0')} ${filler}`;

/** A frame with message `n` and one of `keys` keys. `connection`: a name in its keys, for numbers that several connections share. */
export const numberedFrame = (
  bucket: string,
  n: number,
  { keys = 10, bytes = 200, connection = 'key' } = {},
): Buffer => {
  const key = `${connection}-${n % keys}`;
  const word = `${n} `;
  const filler = word.repeat(Math.ceil(bytes / word.length)).slice(0, bytes);
  return encodeFrame(bucket, numberedMessage(n, key, filler), key);
};

/** The number of a message; undefined: it is none of ours. */
export const numberOf = (value: Buffer): number | undefined => {
  const [, number] = HEAD.exec(value.toString('latin1', 0, HEAD_BYTES)) ?? [];
  return number === undefined ? undefined : Number(number);
};

/** Without the half frame that a process leaves which is killed while it writes. */
const wholeFrames = (bytes: Buffer): Buffer => {
  let end = 0;
  while (end + LENGTH_BYTES <= bytes.length) {
    const next = end + LENGTH_BYTES + bytes.readUInt32LE(end);
    if (next > bytes.length) break;
    end = next;
  }
  return bytes.subarray(0, end);
};

/** The numbers of the messages in a file, up to its last whole frame; fails on a message that is none of ours. */
export const numbersOf = (file: Buffer): readonly number[] => {
  const bytes = wholeFrames(file);
  const cursor = new MessageCursor(bytes);
  const numbers: number[] = [];
  while (cursor.next()) {
    const n = numberOf(bytes.subarray(cursor.valueStart, cursor.end));
    if (n === undefined) throw new Error(`expected numbered messages, found another before byte ${cursor.end}`);
    numbers.push(n);
  }
  return numbers;
};

/** What is wrong with what arrived; all zero: each message exactly once, whole, in order per key. */
export interface Faults {
  readonly missing: number;
  readonly twice: number;
  /** No number, a number never sent, or another checksum. */
  readonly damaged: number;
  readonly outOfOrder: number;
}

export const NO_FAULTS: Faults = { missing: 0, twice: 0, damaged: 0, outOfOrder: 0 };

/** Takes what arrived, message by message; numbers run from `first`. */
export class Arrivals {
  private readonly times: Uint8Array;
  private readonly last = new Map<string, { readonly n: number; readonly lane: string }>();
  private damaged = 0;
  private outOfOrder = 0;

  constructor(
    total: number,
    private readonly first = 0,
  ) {
    this.times = new Uint8Array(total);
  }

  /** `lane`: where the order holds: a partition, a file. One key is in one lane. */
  add(key: Uint8Array, value: Buffer, lane = ''): void {
    const [head, number, checksum] = HEAD.exec(value.toString('latin1', 0, HEAD_BYTES)) ?? [];
    const n = Number(number) - this.first;
    const actual = crc32(value.subarray(head?.length ?? 0), crc32(key));
    if (checksum === undefined || actual !== parseInt(checksum, 16) || !(n >= 0 && n < this.times.length)) {
      this.damaged += 1;
      return;
    }
    const times = this.times[n] ?? 0;
    this.times[n] = Math.min(MOST_TIMES, times + 1);
    // What comes twice breaks no order beyond being twice.
    if (key.length === 0 || times > 0) return;
    const name = Buffer.from(key).toString('latin1');
    const before = this.last.get(name);
    if (before && (before.n > n || before.lane !== lane)) this.outOfOrder += 1;
    this.last.set(name, { n, lane });
  }

  faults(): Faults {
    return {
      missing: this.times.filter((times) => times === 0).length,
      twice: this.times.filter((times) => times > 1).length,
      damaged: this.damaged,
      outOfOrder: this.outOfOrder,
    };
  }

  /** Messages from number `first` on that did not arrive. */
  missingFrom(first: number): number {
    return this.times.subarray(Math.max(0, first - this.first)).filter((times) => times === 0).length;
  }

  /** Copies beyond the first of each message. */
  copies(): number {
    return this.times.reduce((sum, times) => sum + Math.max(0, times - 1), 0);
  }

  /** Whether message `n` arrived. */
  has(n: number): boolean {
    return (this.times[n - this.first] ?? 0) > 0;
  }

  /** Messages that arrived, each counted once. */
  count(): number {
    return this.times.filter((times) => times > 0).length;
  }
}

const WRITE_FRAMES = 100;

/** Writes numbered frames, a hundred at a time, until the daemon closes the connection; resolves to how many it began to write. */
export const writeUntilClosed = async (client: Client, bucket: string, first = 0): Promise<number> => {
  const closed = client.closed.then(() => false);
  let n = first;
  for (let open = true; open; n += WRITE_FRAMES) {
    const from = n;
    const frames = Array.from({ length: WRITE_FRAMES }, (_, i) => numberedFrame(bucket, from + i));
    const written = client.write(Buffer.concat(frames)).then(
      () => true,
      () => closed,
    );
    open = await Promise.race([written, closed]);
  }
  return n - first;
};

/** Files below a folder, in the order in which they were written last. */
export const filesIn = (folder: string): Promise<readonly string[]> => filesBelow(folder, 'mtimeNs');

/** Adds the frames of every file below `folder` that is `wanted`, in order; fails on one that does not end with a whole frame. */
export const addFiles = async (
  arrivals: Pick<Arrivals, 'add'>,
  folder: string,
  wanted: (file: string) => boolean = () => true,
): Promise<void> => {
  for (const file of (await filesIn(folder)).filter(wanted)) {
    const bytes = await readFile(file);
    const cursor = new MessageCursor(bytes);
    while (cursor.next()) {
      arrivals.add(bytes.subarray(cursor.keyStart, cursor.keyEnd), bytes.subarray(cursor.valueStart, cursor.end));
    }
    if (cursor.end !== bytes.length) throw new Error(`${file} ends within a frame`);
  }
};
