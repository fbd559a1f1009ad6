import type { Status, Synced } from '../model';
import { LENGTH_BYTES } from './frame';

/** The byte behind a bucket length of 0 that says: a sync, or its answer. */
export const SYNC_TYPE = 2;
const SYNCED_TYPE = 3;

/** Bytes of the bodies: 0, type, and what follows it. */
const HEAD_BYTES = 2;
export const SYNC_BODY_BYTES = HEAD_BYTES + 4;
const SYNCED_BODY_BYTES = HEAD_BYTES + 4 + 1 + 8;
const SYNCED_BYTES = LENGTH_BYTES + SYNCED_BODY_BYTES;

const WORST_STATUS: Status = 2;
const MAX_TOKEN = 0xffffffff;

/**
 * Asks for an answer when all that was sent before on this connection is settled: `length:u32le 0:u8 2:u8 token:u32le`.
 *
 * @throws RangeError when the token is no whole number from 0 to 4,294,967,295
 */
export const encodeSync = (token: number): Buffer => {
  if (!Number.isInteger(token) || token < 0 || token > MAX_TOKEN)
    throw new RangeError(`token: expected a whole number from 0 to ${MAX_TOKEN}, got ${token}`);
  const frame = Buffer.alloc(LENGTH_BYTES + SYNC_BODY_BYTES);
  frame.writeUInt32LE(SYNC_BODY_BYTES);
  frame[LENGTH_BYTES + 1] = SYNC_TYPE;
  frame.writeUInt32LE(token, LENGTH_BYTES + HEAD_BYTES);
  return frame;
};

/** Whether the body of `length` bytes at `at` is a sync. */
export const isSyncBody = (chunk: Uint8Array, at: number, length: number): boolean =>
  length === SYNC_BODY_BYTES && chunk[at] === 0 && chunk[at + 1] === SYNC_TYPE;

/** The token of the sync whose body is at `at`. */
export const syncToken = (chunk: Buffer, at: number): number => chunk.readUInt32LE(at + HEAD_BYTES);

/** The answer to a sync: `length:u32le 0:u8 3:u8 token:u32le status:u8 messages:u64le`. */
export const encodeSynced = ({ token, status, messages }: Synced): Buffer => {
  const frame = Buffer.alloc(SYNCED_BYTES);
  frame.writeUInt32LE(SYNCED_BODY_BYTES);
  frame[LENGTH_BYTES + 1] = SYNCED_TYPE;
  const at = frame.writeUInt32LE(token, LENGTH_BYTES + HEAD_BYTES);
  frame[at] = status;
  frame.writeBigUInt64LE(BigInt(messages), at + 1);
  return frame;
};

/** What a daemon sent that is no answer to a sync. */
export class NoAnswer extends Error {
  override readonly name = 'NoAnswer';
}

const isStatus = (found: number): found is Status => found <= WORST_STATUS;

const decodeSynced = (frame: Buffer): Synced => {
  const status = frame[LENGTH_BYTES + HEAD_BYTES + 4] ?? WORST_STATUS + 1;
  if (!isStatus(status)) throw new NoAnswer(`expected a status of at most ${WORST_STATUS}, found ${status}`);
  return {
    token: frame.readUInt32LE(LENGTH_BYTES + HEAD_BYTES),
    status,
    messages: Number(frame.readBigUInt64LE(SYNCED_BYTES - 8)),
  };
};

const HEAD = encodeSynced({ token: 0, status: 0, messages: 0 }).subarray(0, LENGTH_BYTES + HEAD_BYTES);

/**
 * Reads the answers of one connection, however their bytes are cut.
 *
 * @throws NoAnswer where they are none; nothing after that can be read
 */
export const createSyncedReader = (): ((chunk: Buffer) => readonly Synced[]) => {
  let begun = Buffer.alloc(0);
  return (chunk) => {
    const bytes = begun.length === 0 ? chunk : Buffer.concat([begun, chunk]);
    const found: Synced[] = [];
    let at = 0;
    for (; at + SYNCED_BYTES <= bytes.length; at += SYNCED_BYTES) {
      const frame = bytes.subarray(at, at + SYNCED_BYTES);
      if (!frame.subarray(0, HEAD.length).equals(HEAD))
        throw new NoAnswer(`expected the answer to a sync, found the bytes ${frame.toString('hex', 0, HEAD.length)}`);
      found.push(decodeSynced(frame));
    }
    begun = Buffer.from(bytes.subarray(at));
    return found;
  };
};
