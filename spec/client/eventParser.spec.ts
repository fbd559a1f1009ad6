import * as fc from 'fast-check';
import { createEventParser } from '../../src/client/eventParser';

const parser = () => {
  const parse = createEventParser();
  return (text: string) => [...parse(text)];
};

const parse = (...parts: readonly string[]): readonly unknown[] => parts.flatMap(parser());

describe('createEventParser', () => {
  it('finds nothing in nothing, in comments, and in what is no data', () => {
    expect(parse('', ': here\n\n', 'retry: 2000\n\n', 'id: 1\n\n')).toEqual([]);
  });

  it('gives an event when it is whole', () => {
    const next = parser();
    expect(next('event: status\ndata: {"a":1}\n')).toEqual([]);
    expect(next('\n')).toEqual([{ event: 'status', data: { a: 1 } }]);
  });

  it('gives many events, each under its name', () => {
    expect(parse('event: a\ndata: 1\n\ndata:2\n\nevent:c\r\ndata: 3\r\n\r\n')).toEqual([
      { event: 'a', data: 1 },
      { event: 'message', data: 2 },
      { event: 'c', data: 3 },
    ]);
  });

  it('joins the lines of data', () => {
    expect(parse('data: [1,\ndata: 2]\n\n')).toEqual([{ event: 'message', data: [1, 2] }]);
  });

  it('gives the same events however the text is cut', () => {
    const event = fc.record({ event: fc.stringMatching(/^[a-z]{1,5}$/), data: fc.jsonValue() });
    fc.assert(
      fc.property(fc.array(event, { maxLength: 5 }), fc.array(fc.nat(400)), fc.boolean(), (sent, cuts, isCrLf) => {
        const end = isCrLf ? '\r\n' : '\n';
        const text = sent
          .map(({ event: name, data }) => `event: ${name}${end}data: ${JSON.stringify(data)}${end}${end}`)
          .join('');
        const places = [0, ...cuts.filter((at) => at < text.length).sort((a, b) => a - b), text.length];
        const parts = places.slice(1).map((at, n) => text.slice(places[n], at));
        expect(parse(...parts)).toEqual(sent.map((each) => JSON.parse(JSON.stringify(each)) as unknown));
      }),
    );
  });

  it('throws where data are no JSON', () => {
    expect(() => parse('data: {\n\n')).toThrow(SyntaxError);
  });

  it('throws where an event has no end', () => {
    const next = parser();
    const part = 'x'.repeat(4_000_000);
    expect(() => {
      for (let n = 0; n < 9; n += 1) next(part);
    }).toThrow('an event of more than 32000000 characters');
  });
});
