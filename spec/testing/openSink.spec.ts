import * as TE from 'fp-ts/TaskEither';
import * as t from 'io-ts';
import { of } from 'rxjs';
import { NO_OPTIONS, type Env, type Sink, type StreamOptions } from '../../src/model';
import { decodeWith, integerIn, NonEmptyString } from '../../src/sinks/codecs';
import { defineSink } from '../../src/sinks/defineSink';
import { testEnv } from '../../src/testing/builders';
import { openSink } from '../../src/testing/openSink';

const sink: Sink = { write: () => of(), health$: of({ state: 'up' }), close: () => Promise.resolve() };
const decode = decodeWith(t.type({ url: NonEmptyString, size: integerIn(1, 9) }));

describe('openSink', () => {
  it('opens it with its settings, in an environment of tests', async () => {
    const seen: (readonly [unknown, Env, StreamOptions])[] = [];
    const kind = defineSink({
      decode,
      open: (settings, env, options) => (seen.push([settings, env, options]), TE.right(sink)),
    });
    const env = testEnv({ name: 'other' });
    const spools = { ...NO_OPTIONS, spools: true };
    expect(await openSink(kind, { url: 'x', size: 2 })).toBe(sink);
    expect(await openSink(kind, { url: 'y', size: 3 }, env, spools)).toBe(sink);
    expect(seen.map(([settings, { name }, options]) => [settings, name, options])).toEqual([
      [{ url: 'x', size: 2 }, 'stream', NO_OPTIONS],
      [{ url: 'y', size: 3 }, 'other', spools],
    ]);
    expect(seen[1]?.[1]).toBe(env);
  });

  it('tells all that is wrong with the settings', async () => {
    const kind = defineSink({ decode, open: () => TE.right(sink) });
    await expect(openSink(kind, { size: 10 })).rejects.toThrow(
      'stream: settings.url: expected a non-empty string, got nothing\n' +
        'stream: settings.size: expected a whole number from 1 to 9, got 10',
    );
  });

  it('tells why it cannot be opened', async () => {
    const kind = defineSink({ decode, open: (_, { name }) => TE.left({ sink: name, message: 'no such folder' }) });
    await expect(openSink(kind, { url: 'x', size: 1 }, testEnv({ name: 'copy' }))).rejects.toThrow(
      'copy: no such folder',
    );
  });
});
