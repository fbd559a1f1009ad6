import { redact } from '../../src/control/redact';

const hide = (text: string): string => text.replaceAll('hunter2', '***');

describe('redact', () => {
  it.each([
    ['hunter2', '***'],
    [2, 2],
    [null, null],
    [undefined, undefined],
    [
      ['hunter2', ['a hunter2']],
      ['***', ['a ***']],
    ],
    [
      { a: { b: 'hunter2' }, hunter2: 1 },
      { a: { b: '***' }, '***': 1 },
    ],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new URL('http://u:hunter2@host/'), 'http://u:***@host/'],
  ])('of %j leaves %j', (value, expected) => expect(redact(value, hide)).toEqual(expected));

  it('keeps name, message and stack of an error', () =>
    expect(redact(new TypeError('bad hunter2'), hide)).toEqual({
      name: 'TypeError',
      message: 'bad ***',
      stack: expect.stringMatching(/^TypeError: bad \*\*\*\n\s+at /) as string,
    }));

  it('ends in a ring', () => {
    const ring: { again?: unknown; text: string } = { text: 'hunter2' };
    ring.again = ring;
    const text = JSON.stringify(redact(ring, hide));
    expect(text).not.toContain('hunter2');
    expect(text).toContain('…');
  });
});
