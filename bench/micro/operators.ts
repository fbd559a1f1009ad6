import type { Message } from '../../src/model';
import { passBatch } from '../../src/operators/passBatch';
import { batchOfRun } from '../../src/testing/builders';
import { encodeFrame } from '../../src/wire/frame';
import { messagePool } from '../messages';
import { BUCKET } from './material';
import type { Micro } from './run';

const MESSAGES = 250;
const TEXT_BYTES = 160;
const HIDDEN = Buffer.from('****************');
const HEADER = Buffer.from('web-1');

/** JSON of 200 B. */
const FRAMES = messagePool(TEXT_BYTES)
  .slice(0, MESSAGES)
  .map((text) => encodeFrame(BUCKET, JSON.stringify({ card: '4111111111111111', text: text.replaceAll('"', ' ') })));

/** Writes over the bytes of a text that stands at a known place. */
const maskBytes = (message: Message): Message => {
  HIDDEN.copy(message.value ?? HIDDEN, 9);
  return message;
};

const maskField = (name: string, value: unknown): unknown => (name === 'card' ? '***' : value);

const maskJson = (message: Message): Message => ({
  ...message,
  value: Buffer.from(JSON.stringify(JSON.parse(String(message.value)), maskField)),
});

const withHeader = (message: Message): Message => ({ ...message, headers: [...message.headers, ['host', HEADER]] });

/** The messages of one run through an operator of the user's. */
const passed = (name: string, apply: (message: Message) => Message): Micro => ({
  group: 'operators',
  name,
  prepare: () => {
    const batch = batchOfRun(BUCKET, FRAMES);
    return {
      messages: batch.count,
      bytes: batch.bytes,
      call: () => passBatch(batch, [{ name, apply }], 'empty'),
    };
  },
});

export const OPERATORS: readonly Micro[] = [
  passed('one that changes nothing', (message) => message),
  passed('one that writes over 16 bytes', maskBytes),
  passed('one that adds a header', withHeader),
  passed('one that masks a field of JSON', maskJson),
];
