import { isFrames, type Decoded } from '../../src/model';
import type { Decoder } from '../../src/wire/decoder';

/** Decodes a chunk as a source hands it on: what is shown of it is copied before its memory is read into again. */
export const pushWiped = (decoder: Pick<Decoder, 'push'>, chunk: Buffer): readonly Decoded[] => {
  const read = Buffer.from(chunk);
  const decoded = decoder.push(read).map((one) => (isFrames(one) ? { ...one, bytes: Buffer.from(one.bytes) } : one));
  read.fill(0xdd);
  return decoded;
};
