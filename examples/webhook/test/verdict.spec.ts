import { verdictOn, verdictOnError, waitOf } from '../src/verdict';

const NOW_MS = Date.parse('2026-01-01T00:00:00Z');

describe('Retry-After', () => {
  it.each([
    [null, undefined],
    ['', undefined],
    ['soon', undefined],
    ['0', 0],
    ['120', 120_000],
    ['999999', 3_600_000],
    ['Thu, 01 Jan 2026 00:00:05 GMT', 5000],
    ['Wed, 31 Dec 2025 23:59:00 GMT', 0],
  ])('%p is a wait of %p ms', (text, ms) => expect(waitOf(text, NOW_MS)).toBe(ms));
});

describe('an answer', () => {
  it.each([
    [200, 'taken'],
    [204, 'taken'],
    [301, 'unavailable'],
    [400, 'poison'],
    [401, 'unavailable'],
    [403, 'unavailable'],
    [404, 'unavailable'],
    [408, 'unavailable'],
    [413, 'poison'],
    [422, 'poison'],
    [429, 'unavailable'],
    [500, 'unavailable'],
    [503, 'unavailable'],
  ])('%d is %s', (status, is) => expect(verdictOn({ status, retryAfter: null }, NOW_MS).is).toBe(is));

  it('says what to look at', () =>
    expect(verdictOn({ status: 401, retryAfter: null }, NOW_MS)).toEqual({
      ...{ is: 'unavailable', message: 'answered 401; look at `headers`', written: 'no', waitMs: undefined },
    }));
});

describe('no answer', () => {
  const failed = (code: string): Error =>
    new TypeError('fetch failed', { cause: Object.assign(new Error(), { code }) });

  it.each([
    ['ECONNREFUSED', 'no'],
    ['ENOTFOUND', 'no'],
    ['UND_ERR_CONNECT_TIMEOUT', 'no'],
    ['ECONNRESET', 'unknown'],
    ['UND_ERR_SOCKET', 'unknown'],
  ])('%s: written %s', (code, written) =>
    expect(verdictOnError(failed(code))).toEqual({ is: 'unavailable', message: code, written }),
  );

  it('of another kind says what it is', () =>
    expect(verdictOnError(new Error('odd'))).toEqual({ is: 'unavailable', message: 'Error: odd', written: 'unknown' }));
});
