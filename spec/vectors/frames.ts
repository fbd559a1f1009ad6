/**
 * Bytes and what they mean, for every decoder of version 1. `accepted` are `[bucket, key, message]`; limits are those of
 * `maxFrame` 1,024 bytes.
 */
export interface FrameVector {
  readonly name: string;
  /** Hexadecimal; spaces for the eye. */
  readonly bytes: string;
  readonly accepted: readonly (readonly [bucket: string, key: string, message: string])[];
  /** Frames refused by reason. */
  readonly refused: Readonly<Record<string, number>>;
}

const long = (text: string, length: number): string => Buffer.from(text.repeat(length)).toString('hex');

export const frameVectors: readonly FrameVector[] = [
  { name: 'nothing', bytes: '', accepted: [], refused: {} },
  { name: 'bucket, key and message', bytes: '05000000 01 62 01 6b 6d', accepted: [['b', 'k', 'm']], refused: {} },
  { name: 'no key', bytes: '04000000 01 62 00 6d', accepted: [['b', '', 'm']], refused: {} },
  { name: 'an empty message', bytes: '03000000 01 62 00', accepted: [['b', '', '']], refused: {} },
  { name: 'a key and an empty message', bytes: '04000000 01 62 01 6b', accepted: [['b', 'k', '']], refused: {} },
  {
    name: 'two buckets in turn',
    bytes: '04000000 01 61 00 31 04000000 01 62 00 32 04000000 01 61 00 33',
    accepted: [
      ['a', '', '1'],
      ['a', '', '3'],
      ['b', '', '2'],
    ],
    refused: {},
  },
  { name: 'a bucket in UTF-8', bytes: '05000000 02 c3a4 00 6d', accepted: [['ä', '', 'm']], refused: {} },
  { name: 'a bucket with NUL', bytes: '05000000 02 6100 00 6d', accepted: [['a\0', '', 'm']], refused: {} },
  {
    name: 'a bucket of 8 and a key of 250 bytes',
    bytes: `05010000 08 ${long('b', 8)} fa ${long('k', 250)} 6d`,
    accepted: [['b'.repeat(8), 'k'.repeat(250), 'm']],
    refused: {},
  },
  {
    name: 'a bucket of 255 and a key of 255 bytes',
    bytes: `01020000 ff ${long('b', 255)} ff ${long('k', 255)} 6d`,
    accepted: [['b'.repeat(255), 'k'.repeat(255), 'm']],
    refused: {},
  },
  {
    name: 'a body of no bytes, and a good frame after it',
    bytes: '00000000 04000000 01 62 00 6d',
    accepted: [['b', '', 'm']],
    refused: { malformed: 1 },
  },
  { name: 'a body of one byte', bytes: '01000000 01', accepted: [], refused: { malformed: 1 } },
  {
    name: 'a bucket that runs past the body',
    bytes: '03000000 05 62 62 04000000 01 62 00 6d',
    accepted: [['b', '', 'm']],
    refused: { malformed: 1 },
  },
  {
    name: 'a bucket that leaves no room for the key length',
    bytes: '02000000 01 62',
    accepted: [],
    refused: { malformed: 1 },
  },
  {
    name: 'a key that runs past the body',
    bytes: '05000000 01 62 03 6b 6b 04000000 01 62 00 6d',
    accepted: [['b', '', 'm']],
    refused: { malformed: 1 },
  },
  {
    name: 'a bucket that is not UTF-8',
    bytes: '05000000 02 c328 00 6d 04000000 01 62 00 6d',
    accepted: [['b', '', 'm']],
    refused: { malformed: 1 },
  },
  {
    name: 'an extended body',
    bytes: '06000000 00 02 01000000 04000000 01 62 00 6d',
    accepted: [['b', '', 'm']],
    refused: { malformed: 1 },
  },
  {
    name: 'a body above the limit',
    bytes: `01040000 ${long('x', 1025)} 04000000 01 62 00 6d`,
    accepted: [['b', '', 'm']],
    refused: { too_large: 1 },
  },
  {
    name: 'a body too large of which only a part comes',
    bytes: '01040000 ffff',
    accepted: [],
    refused: { too_large: 1 },
  },
  {
    name: 'a length of 2^32 - 1',
    bytes: '04000000 01 62 00 6d ffffffff 04000000 01 62 00 6d',
    accepted: [['b', '', 'm']],
    refused: { not_frames: 1 },
  },
  {
    name: 'HTTP',
    bytes: Buffer.from('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n').toString('hex'),
    accepted: [],
    refused: { not_frames: 1 },
  },
  { name: 'half a length', bytes: '0400', accepted: [], refused: { truncated: 1 } },
  {
    name: 'half a body',
    bytes: '04000000 01 62 00 6d 04000000 01 62',
    accepted: [['b', '', 'm']],
    refused: { truncated: 1 },
  },
];
