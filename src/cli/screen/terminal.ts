import type { Readable, Writable } from 'node:stream';

/** Where lines and signs are shown, and of which size. */
export interface Terminal extends Writable {
  readonly isTTY: true;
  readonly columns: number;
  readonly rows: number;
}

/** What is typed. */
export interface Keyboard extends Readable {
  readonly isTTY: true;
  setRawMode(raw: boolean): unknown;
}

/** A stream that leads to a terminal; undefined where it leads elsewhere. */
export const terminalOf = (stream: Writable): Terminal | undefined =>
  'isTTY' in stream && stream.isTTY === true ? (stream as Terminal) : undefined;

export const keyboardOf = (stream: Readable): Keyboard | undefined =>
  'isTTY' in stream && stream.isTTY === true ? (stream as Keyboard) : undefined;
