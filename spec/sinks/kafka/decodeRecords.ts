import Decoder from 'kafkajs/src/protocol/decoder';
import decode from 'kafkajs/src/protocol/recordBatch/v0/decoder';

/** Reads a record batch by kafkajs's consumer, which shares no code with what writes them. */
export const decodeRecords = (header: Buffer, payload: Buffer): ReturnType<typeof decode> =>
  decode(new Decoder(Buffer.concat([header, payload])));
