import { cut, wholeOf, type Part } from '../../src/operators/parts';
import { batchOf, batchOfRun, messagesOf } from '../../src/testing/builders';
import { encodeFrame } from '../../src/wire/frame';
import { MessageCursor } from '../../src/wire/messageCursor';
import type { Frames } from '../../src/model';

const textOf = ({ bytes }: Frames): string => {
  const cursor = new MessageCursor(bytes);
  cursor.next();
  return bytes.toString('utf8', cursor.valueStart, cursor.end);
};

const sent = ({ messages }: Part<unknown>): readonly unknown[] => messages.map((message) => message.sent);

describe('wholeOf', () => {
  it('empty: no message', () => {
    const batch = batchOf('b', []);
    expect(wholeOf(batch, textOf)).toEqual({ batch, messages: [] });
  });

  it('one: the batch itself, and what is sent for its message', () => {
    const batch = batchOf('b', ['1']);
    const whole = wholeOf(batch, textOf);
    expect(whole.batch).toBe(batch);
    expect(whole.messages).toEqual([{ frames: batch.frames[0], sent: '1' }]);
  });

  it('many: each message of each run by itself, numbered from 0', () => {
    const [one, other] = [['1', '2'], ['3']].map((texts) =>
      batchOfRun(
        'b',
        texts.map((text) => encodeFrame('b', text, 'key')),
      ),
    );
    const frames = [...(one?.frames ?? []), ...(other?.frames ?? [])];
    const batch = { ...batchOf('b', []), frames, count: 3 };
    const whole = wholeOf(batch, (message, at) => [at, message.count, textOf(message)]);
    expect(sent(whole)).toEqual([
      [0, 1, '1'],
      [1, 1, '2'],
      [2, 1, '3'],
    ]);
    expect(whole.messages.map((message) => message.frames.bytes)).toEqual(
      ['1', '2', '3'].map((text) => encodeFrame('b', text, 'key')),
    );
  });

  it('throwing callback: throws', () =>
    expect(() =>
      wholeOf(batchOf('b', ['1']), () => {
        throw new Error('a defect');
      }),
    ).toThrow('a defect'));
});

describe('cut', () => {
  const parts = (messages: readonly string[], size: number): readonly Part<string>[] =>
    cut(wholeOf(batchOf('b', messages), textOf), size);

  it.each([[[]], [['1']], [['1', '2']]])('%j: small enough stays as it is', (messages) => {
    const whole = wholeOf(batchOf('b', messages), textOf);
    expect(cut(whole, 2)).toEqual([whole]);
    expect(cut(whole, 2)[0]).toBe(whole);
  });

  it.each([
    [['1', '2', '3'], 1, [['1'], ['2'], ['3']]],
    [['1', '2', '3'], 2, [['1', '2'], ['3']]],
    [
      ['1', '2', '3', '4'],
      2,
      [
        ['1', '2'],
        ['3', '4'],
      ],
    ],
  ])('%j in parts of %d at most', (messages, size, expected) => {
    expect(parts(messages, size).map(sent)).toEqual(expected);
    expect(parts(messages, size).map(({ batch }) => messagesOf(batch))).toEqual(expected);
  });

  it('counts the messages and bytes of a part, and keeps what is of the whole', () => {
    const whole = wholeOf({ ...batchOf('b', ['1', '22', '333']), cameIn: 'a' }, textOf);
    expect(cut(whole, 2).map(({ batch: { count, bytes, cameIn } }) => [count, bytes, cameIn])).toEqual([
      [2, encodeFrame('b', '1').length + encodeFrame('b', '22').length, 'a'],
      [1, encodeFrame('b', '333').length, 'a'],
    ]);
  });
});
