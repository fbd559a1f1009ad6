import { encodeFrame } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import { encodeRecord } from '../../src/wire/record';
import { fromHex, goodVectors, messageAt } from '../vectors/frames';

describe('MessageCursor', () => {
  const bytes = Buffer.concat([encodeFrame('b', 'one', 'k'), encodeFrame('b', '')]);

  it('is at its end at once on nothing', () => {
    expect(new MessageCursor(Buffer.alloc(0)).next()).toBe(false);
  });

  it('walks the messages, and again after a reset', () => {
    const cursor = new MessageCursor(bytes);
    for (let round = 0; round < 2; round += 1) {
      expect(cursor.next()).toBe(true);
      expect([cursor.start, cursor.keyStart, cursor.keyEnd, cursor.valueStart, cursor.end]).toEqual([0, 7, 8, 8, 11]);
      expect(cursor.next()).toBe(true);
      expect([cursor.start, cursor.keyStart, cursor.keyEnd, cursor.valueStart, cursor.end]).toEqual([
        11, 18, 18, 18, 18,
      ]);
      expect(cursor.next()).toBe(false);
      cursor.reset(bytes);
    }
  });

  it.each(goodVectors)('walks $name, and moves about in it', ({ bytes: hex, accepted }) => {
    const walked = fromHex(hex);
    const cursor = new MessageCursor(walked);
    const starts: number[] = [];
    for (const message of accepted) {
      const before = cursor.end;
      expect(cursor.next()).toBe(true);
      expect(cursor.start).toBe(before);
      expect(messageAt(message.bucket, walked, cursor)).toEqual(message);
      starts.push(cursor.start);
    }
    expect(cursor.next()).toBe(false);
    expect(cursor.end).toBe(walked.length);
    for (const [index, message] of [...accepted.entries()].toReversed()) {
      cursor.moveTo(starts[index] ?? -1);
      expect(messageAt(message.bucket, walked, cursor)).toEqual(message);
    }
  });

  it('keeps nothing of a record for the frame behind it', () => {
    const record = encodeRecord('b', null, { timestampMs: 1, partition: 2, headers: [['a', '1']] });
    const frame = encodeFrame('b', 'm', 'k');
    const cursor = new MessageCursor(Buffer.concat([record, frame]));
    cursor.next();
    expect(cursor).toMatchObject({ isRecord: true, keyIsNull: true, valueIsNull: true, timestampMs: 1, partition: 2 });
    cursor.next();
    expect(cursor).toMatchObject({ isRecord: false, keyIsNull: false, valueIsNull: false, headerCount: 0 });
    expect([cursor.timestampMs, cursor.partition, cursor.headersStart]).toEqual([undefined, undefined, 0]);
  });

  it.each([0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), -(2n ** 32n) - 5n])(
    'reads the timestamp %s as the nearest number',
    (timestamp) => {
      const record = encodeRecord('b', 'm', { timestampMs: 0 });
      record.writeBigInt64LE(timestamp, 4 + 4 + 1 + 2);
      const cursor = new MessageCursor(record);
      cursor.next();
      expect(cursor.timestampMs).toBe(Number(timestamp));
    },
  );
});
