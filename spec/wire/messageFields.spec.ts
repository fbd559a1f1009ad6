import { encodeFrame } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import { messageFields } from '../../src/wire/messageFields';
import { encodeRecord } from '../../src/wire/record';

const MS = Date.UTC(2026, 10, 23, 12);
const timestamp = '2026-11-23T12:00:00.000Z';

const fieldsOf = (bytes: Buffer, mostBytes?: number): unknown => {
  const cursor = new MessageCursor(bytes);
  expect(cursor.next()).toBe(true);
  return messageFields(bytes, cursor, MS, mostBytes);
};

describe('messageFields', () => {
  it('shows what a frame says, with the time of its arrival', () => {
    expect(fieldsOf(encodeFrame('b', 'message'))).toEqual({ bucket: 'b', timestamp, message: 'message' });
    expect(fieldsOf(encodeFrame('b', 'message', 'k'))).toEqual({
      bucket: 'b',
      timestamp,
      key: 'k',
      message: 'message',
    });
  });

  it('shows what a record says, and Base64 of what is no UTF-8', () => {
    const bytes = encodeRecord('b', Buffer.of(0xff), {
      ...{ key: Buffer.of(0xfe), timestampMs: MS + 1, partition: 3 },
      headers: [
        ['type', 'x'],
        ['none', null],
      ],
    });
    expect(fieldsOf(bytes)).toEqual({
      ...{ bucket: 'b', timestamp: '2026-11-23T12:00:00.001Z', keyBase64: '/g==', partition: 3, messageBase64: '/w==' },
      headers: [
        { name: 'type', value: 'x' },
        { name: 'none', value: null },
      ],
    });
    expect(fieldsOf(encodeRecord('b', null))).toEqual({ bucket: 'b', timestamp, message: null });
  });

  it('cuts what is longer than it may be, and says how long it was', () => {
    const bytes = encodeRecord('b', 'a message', {
      key: 'a key',
      headers: [
        ['name', '1234'],
        ['more', '5678'],
      ],
    });
    expect(fieldsOf(bytes, 4)).toEqual({
      ...{ bucket: 'b', timestamp, key: 'a ke', keyBytes: 5, headersLeftOut: 2, message: 'a me', messageBytes: 9 },
    });
    // Name, value and their lengths.
    expect(fieldsOf(bytes, 14)).toMatchObject({ headers: [{ name: 'name', value: '1234' }], headersLeftOut: 1 });
    expect(fieldsOf(bytes, 28)).not.toHaveProperty('headersLeftOut');
  });

  it('cuts no character of UTF-8 in two', () => {
    const bytes = encodeFrame('b', 'aé€😀');
    const shown = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10].map((most) => fieldsOf(bytes, most));
    expect(shown.map((fields) => (fields as { readonly message?: string }).message)).toEqual([
      ...['a', 'a', 'aé', 'aé', 'aé', 'aé€', 'aé€', 'aé€', 'aé€', 'aé€😀'],
    ]);
    expect(fieldsOf(encodeFrame('b', Buffer.alloc(9, 0x80)), 5)).toMatchObject({ messageBytes: 9 });
  });

  it('keeps nothing of the bytes', () => {
    const bytes = encodeRecord('b', 'message', { key: 'k', headers: [['name', 'value']] });
    const fields = fieldsOf(bytes);
    bytes.fill(0);
    expect(fields).toMatchObject({ key: 'k', headers: [{ name: 'name', value: 'value' }], message: 'message' });
  });
});
