import { encodeRecord, type RecordOptions } from '../../src/wire/record';
import { encodeMessage, fromHex, goodVectors, messagesIn } from '../vectors/frames';

describe('encodeRecord', () => {
  it.each(goodVectors)('writes $name', ({ bytes, accepted }) => {
    expect(Buffer.concat(accepted.map(encodeMessage)).toString('hex')).toBe(fromHex(bytes).toString('hex'));
  });

  it('has no key and says nothing more, unless told', () => {
    expect(messagesIn({ bucket: 'b', bytes: encodeRecord('b', 'm') })).toEqual([
      { as: 'record', bucket: 'b', key: null, message: '6d', timestampMs: null, partition: null, headers: [] },
    ]);
  });

  it('takes text and bytes alike', () => {
    const text = encodeRecord('b', 'mä', { key: 'kä', headers: [['h', 'vä']] });
    const bytes = encodeRecord('b', Buffer.from('mä'), { key: Buffer.from('kä'), headers: [['h', Buffer.from('vä')]] });
    expect(text).toEqual(bytes);
  });

  it('takes the most that fits', () => {
    const options = { key: 'k'.repeat(65_535), headers: [['n'.repeat(65_535), 'v'.repeat(70_000)]] } as const;
    const bucket = 'b'.repeat(255);
    expect(messagesIn({ bucket, bytes: encodeRecord(bucket, 'm', options) })).toEqual([
      {
        as: 'record',
        bucket,
        key: '6b'.repeat(65_535),
        message: '6d',
        timestampMs: null,
        partition: null,
        headers: [['n'.repeat(65_535), '76'.repeat(70_000)]],
      },
    ]);
  });

  const many = Array.from({ length: 1001 }, (): [string, null] => ['h', null]);
  it.each<[string, string, RecordOptions, string]>([
    ['an empty bucket', '', {}, 'bucket: expected 1 to 255 bytes, got 0'],
    ['a bucket of 256 bytes', 'ä'.repeat(128), {}, 'bucket: expected 1 to 255 bytes, got 256'],
    ['a key of 65,536 bytes', 'b', { key: 'k'.repeat(65_536) }, 'key: expected 0 to 65535 bytes, got 65536'],
    ['a time before 1970', 'b', { timestampMs: -1 }, 'timestampMs: expected 0 to 9007199254740991, got -1'],
    ['half a millisecond', 'b', { timestampMs: 1.5 }, 'timestampMs: expected 0 to 9007199254740991, got 1.5'],
    ['no time at all', 'b', { timestampMs: NaN }, 'timestampMs: expected 0 to 9007199254740991, got NaN'],
    ['a partition below 0', 'b', { partition: -1 }, 'partition: expected 0 to 2147483647, got -1'],
    ['a partition of 2^31', 'b', { partition: 2 ** 31 }, 'partition: expected 0 to 2147483647, got 2147483648'],
    ['1,001 headers', 'b', { headers: many }, 'headers: expected 0 to 1000, got 1001'],
    [
      'a header’s name of 65,536 bytes',
      'b',
      {
        headers: [
          ['a', null],
          ['n'.repeat(65_536), null],
        ],
      },
      'headers[1]: name: expected 0 to 65535 bytes, got 65536',
    ],
  ])('refuses %s', (_, bucket, options, message) => {
    const encode = (): Buffer => encodeRecord(bucket, 'm', options);
    expect(encode).toThrow(RangeError);
    expect(encode).toThrow(message);
  });

  it('refuses what no daemon would take for a frame', () => {
    const most = 64 * 1024 * 1024;
    expect(() => encodeRecord('b', Buffer.alloc(most))).toThrow(
      new RangeError('record: expected 9 to 67108864 bytes, got 67108873'),
    );
    expect(encodeRecord('b', Buffer.alloc(most - 9))).toHaveLength(4 + most);
  });
});
