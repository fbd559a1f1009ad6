import * as E from 'fp-ts/Either';
import { questionIn } from '../../../../src/control/http/messages/question';

const asked = (query: string) => questionIn(new URLSearchParams(query));

describe('questionIn', () => {
  it('asks for some of all, where nothing is said', () => {
    expect(asked('')).toEqual(E.right({ buckets: new Set(), rate: 10, limit: Infinity, bytes: 1_024 }));
  });

  it('reads what is said', () => {
    expect(asked('bucket=a&bucket=%C3%A9&bucket=&rate=1000&limit=3&bytes=65536')).toEqual(
      E.right({ buckets: new Set(['a', 'é', '']), rate: 1_000, limit: 3, bytes: 65_536 }),
    );
  });

  it.each([
    ['rate=0', 'rate: expected a whole number from 1 to 1000.'],
    ['rate=1001', 'rate: expected a whole number from 1 to 1000.'],
    ['rate=', 'rate: expected a whole number from 1 to 1000.'],
    ['bytes=65537', 'bytes: expected a whole number from 1 to 65536.'],
    ['bytes=1e3', 'bytes: expected a whole number from 1 to 65536.'],
    ['limit=-1', 'limit: expected a whole number from 1 to 999999999.'],
  ])('%s → %s', (query, problem) => expect(asked(query)).toEqual(E.left(problem)));
});
