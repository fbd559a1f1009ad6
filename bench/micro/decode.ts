import { newOrigin } from '../../src/model';
import { createDecoder, type Decoder } from '../../src/wire/decoder';
import { MessageCursor } from '../../src/wire/messageCursor';
import { toRecords } from '../../src/wire/toRecords';
import { bucketsOf, chunkOf, framesOf, type Chunk } from './material';
import type { Micro } from './run';

const MAX_FRAME = 8 * 1024 * 1024;
const ARRIVED_MS = 1_700_000_000_000;

export const aDecoder = (): Decoder =>
  createDecoder({ maxFrame: MAX_FRAME, now: () => ARRIVED_MS, origin: newOrigin() });

const decode = (name: string, chunk: () => Chunk): Micro => ({
  group: 'decode',
  name,
  prepare: () => {
    const [decoder, { bytes, count }] = [aDecoder(), chunk()];
    return { messages: count, bytes: bytes.length, call: () => decoder.push(bytes) };
  },
});

const halves: Micro = {
  group: 'decode',
  name: 'a frame in two chunks',
  prepare: () => {
    const [decoder, bytes] = [aDecoder(), Buffer.concat(framesOf(1))];
    const middle = bytes.length >> 1;
    const [first, second] = [bytes.subarray(0, middle), bytes.subarray(middle)];
    const call = (): unknown => {
      decoder.push(first);
      return decoder.push(second);
    };
    return { messages: 1, bytes: bytes.length, call };
  },
};

const walk: Micro = {
  group: 'walk',
  name: 'MessageCursor over 64 KB',
  prepare: () => {
    const { bytes, count } = chunkOf();
    const call = (): unknown => {
      const cursor = new MessageCursor(bytes);
      let ends = 0;
      while (cursor.next()) ends += cursor.end;
      return ends;
    };
    return { messages: count, bytes: bytes.length, call };
  },
};

/** How frames become records of a file that is to be read back. */
const records: Micro = {
  group: 'file',
  name: 'toRecords of 64 KB',
  prepare: () => {
    const { bytes, count } = chunkOf();
    return { messages: count, bytes: bytes.length, call: () => toRecords({ bytes, arrivedMs: ARRIVED_MS }) };
  },
};

export const DECODING: readonly Micro[] = [
  decode('chunks of 64 KB, 1 bucket', chunkOf),
  decode('chunks of 64 KB, 20 interleaved buckets', () => chunkOf(bucketsOf(20))),
  decode('chunks of 1 frame', () => ({ bytes: Buffer.concat(framesOf(1)), count: 1 })),
  halves,
  walk,
  records,
];
