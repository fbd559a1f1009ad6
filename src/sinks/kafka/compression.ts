import { pipe } from 'fp-ts/function';
import * as TE from 'fp-ts/TaskEither';
import type { Slots } from '../../model';
import type { Codec, OnPool } from './compression/codec';
import { loadCodec } from './compression/loadCodec';
import type { CodecName } from './settings';

/** What goes into the record batch, and the codec number that says what it is. */
export interface Compressed {
  readonly payload: Buffer;
  readonly codec: number;
}

/** Compresses at once where that is cheap, else by a promise. */
export type Compress = (records: Buffer) => Compressed | Promise<Compressed>;

export const uncompressed: Compress = (records) => ({ payload: records, codec: 0 });

/** Runs one task after the other. */
const inTurn = (): Slots['run'] => {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const result = last.then(work);
    last = result.catch(() => undefined);
    return result;
  };
};

/**
 * Compresses by `codec`, at most `slots.size` record batches at once on the thread pool; with none, in the loop, or one
 * after the other on the pool where the codec knows no other way. Records that do not shrink are sent as they are, as
 * librdkafka does.
 */
const compressor = (codec: Codec, slots: Slots): Compress => {
  const smaller = (records: Buffer, payload: Buffer): Compressed =>
    payload.length < records.length ? { payload, codec: codec.id } : { payload: records, codec: 0 };
  const run: Slots['run'] = slots.size === 0 ? inTurn() : (work) => slots.run(work);
  const poolBy =
    ({ compress }: OnPool) =>
    (records: Buffer): Promise<Compressed> =>
      run(() => compress(records)).then((payload) => smaller(records, payload));
  if (!codec.inLoop) return poolBy(codec.onPool);
  const { inLoop, onPool } = codec;
  const loop = (records: Buffer): Compressed => smaller(records, inLoop(records));
  if (!onPool || slots.size === 0) return loop;
  const pool = poolBy(onPool);
  return (records) => (records.length < onPool.fromBytes ? loop(records) : pool(records));
};

/** The compression of one sink, or why there is none. `level`: -1 for the codec's default. */
export const loadCompression = (name: CodecName, level: number, slots: Slots): TE.TaskEither<string, Compress> =>
  name === 'none'
    ? TE.right(uncompressed)
    : pipe(
        loadCodec(name, level),
        TE.map((codec) => compressor(codec, slots)),
      );
