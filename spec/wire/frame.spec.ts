import { encodeFrame } from '../../src/wire/frame';

describe('encodeFrame', () => {
  it('writes length, bucket, key and message', () => {
    expect(encodeFrame('b', 'm', 'k').toString('hex')).toBe('050000000162016b6d');
    expect(encodeFrame('ä', '').toString('hex')).toBe('0400000002c3a400');
  });

  it('refuses what does not fit a length byte', () => {
    expect(() => encodeFrame('', 'm')).toThrow('bucket: expected 1 to 255 bytes, got 0');
    expect(() => encodeFrame('ä'.repeat(128), 'm')).toThrow('bucket: expected 1 to 255 bytes, got 256');
    expect(() => encodeFrame('b', 'm', 'k'.repeat(256))).toThrow('key: expected at most 255 bytes, got 256');
  });
});
