import { encodeFrame } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';

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

describe('MessageCursor', () => {
  const bytes = Buffer.concat([encodeFrame('b', 'one', 'k'), encodeFrame('b', '')]);

  it('is at its end at once on nothing', () => {
    expect(new MessageCursor(Buffer.alloc(0)).next()).toBe(false);
  });

  it('walks the messages, and again after a reset', () => {
    const cursor = new MessageCursor(bytes);
    for (let round = 0; round < 2; round += 1) {
      expect(cursor.next()).toBe(true);
      expect([cursor.start, cursor.keyStart, cursor.valueStart, cursor.end]).toEqual([0, 7, 8, 11]);
      expect(cursor.next()).toBe(true);
      expect([cursor.start, cursor.keyStart, cursor.valueStart, cursor.end]).toEqual([11, 18, 18, 18]);
      expect(cursor.next()).toBe(false);
      cursor.reset(bytes);
    }
  });
});
