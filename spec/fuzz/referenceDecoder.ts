/** The protocol read as slowly and plainly as docs/protocol.md says it: one buffer, one frame after the other. */
import type { RefusedReason } from '../../src/model';

/** What a stream of bytes means. */
export interface Meaning {
  /** The bytes of its whole frames by bucket, in order. */
  readonly frames: ReadonlyMap<string, readonly Buffer[]>;
  readonly refused: ReadonlyMap<RefusedReason, { readonly count: number; readonly bytes: number }>;
  /** Its syncs, in order, and the frames since the sync before: good ones, and refused ones. */
  readonly syncs: readonly { readonly token: number; readonly messages: number; readonly good: number }[];
}

const MOST_SKIPPED = 64 * 1024 * 1024;
const MOST_HEADERS = 1000;

const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

const utf8 = (bytes: Buffer): string | undefined => {
  try {
    return text.decode(bytes);
  } catch {
    return undefined;
  }
};

/** Takes a body apart from its front; nothing where it is too short. */
const reader = (body: Buffer) => {
  let at = 0;
  const take = (bytes: number): Buffer | undefined => {
    if (at + bytes > body.length) return undefined;
    at += bytes;
    return body.subarray(at - bytes, at);
  };
  return {
    take,
    number: (size: 1 | 2 | 4): number | undefined => take(size)?.readUIntLE(0, size),
    left: (): number => body.length - at,
  };
};

/** The bucket of a version 1 body; nothing where it is malformed. */
const frameBucket = (body: Buffer): string | undefined => {
  const { take, number } = reader(body);
  const bucket = take(number(1) ?? 0);
  const keyLength = number(1);
  return bucket && keyLength !== undefined && take(keyLength) ? utf8(bucket) : undefined;
};

/** The bucket of a record; nothing where it is malformed. */
const recordBucket = (body: Buffer): string | undefined => {
  const { take, number, left } = reader(body);
  number(1);
  const type = number(1);
  const flags = number(1) ?? 0xff;
  const bucketLength = number(1) ?? 0;
  const bucket = take(bucketLength);
  const keyLength = number(2);
  if (type !== 1 || flags > 0b1111 || bucketLength === 0 || !bucket || keyLength === undefined) return undefined;
  if ((flags & 4) !== 0 && keyLength > 0) return undefined;
  if (!take(keyLength) || !take((flags & 1) === 0 ? 0 : 8) || !take((flags & 2) === 0 ? 0 : 4)) return undefined;
  const headers = number(2);
  if (headers === undefined || headers > MOST_HEADERS) return undefined;
  for (let n = 0; n < headers; n += 1) {
    const name = take(number(2) ?? Infinity);
    const valueLength = number(4);
    if (!name || utf8(name) === undefined || valueLength === undefined) return undefined;
    if (valueLength !== 0xffffffff && !take(valueLength)) return undefined;
  }
  return (flags & 8) !== 0 && left() > 0 ? undefined : utf8(bucket);
};

/** What `bytes` mean, for a daemon that takes bodies of at most `maxFrame` bytes. */
export const meaningOf = (bytes: Buffer, maxFrame: number): Meaning => {
  const frames = new Map<string, Buffer[]>();
  const refused = new Map<RefusedReason, { count: number; bytes: number }>();
  const syncs: { token: number; messages: number; good: number }[] = [];
  let [messages, good] = [0, 0];
  const refuse = (reason: RefusedReason, length: number): void => {
    const { count, bytes: before } = refused.get(reason) ?? { count: 0, bytes: 0 };
    refused.set(reason, { count: count + 1, bytes: before + length });
    messages += 1;
  };
  for (let at = 0; at < bytes.length;) {
    const left = bytes.length - at;
    const length = left < 4 ? undefined : bytes.readUInt32LE(at);
    const whole = Math.min(left, 4 + (length ?? 0));
    if (length !== undefined && length > MOST_SKIPPED) {
      refuse('not_frames', left);
      break;
    } else if (length !== undefined && length > maxFrame) refuse('too_large', whole);
    else if (length === undefined || left < 4 + length) {
      refuse('truncated', left);
      break;
    } else {
      const body = bytes.subarray(at + 4, at + whole);
      if (body.length === 6 && body.readUInt16BE() === 2) {
        syncs.push({ token: body.readUInt32LE(2), messages, good });
        [messages, good] = [0, 0];
        at += whole;
        continue;
      }
      const bucket = body[0] === 0 ? recordBucket(body) : frameBucket(body);
      if (bucket === undefined) refuse('malformed', whole);
      else {
        const list = frames.get(bucket) ?? [];
        list.push(bytes.subarray(at, at + whole));
        messages += 1;
        good += 1;
        frames.set(bucket, list);
      }
    }
    at += whole;
  }
  return { frames, refused, syncs };
};
