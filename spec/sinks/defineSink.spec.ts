import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import * as t from 'io-ts';
import { EMPTY, NEVER } from 'rxjs';
import { NO_OPTIONS, type Env, type Sink } from '../../src/model';
import { decodeWith, NonEmptyString, withDefault } from '../../src/sinks/codecs';
import { defineSink } from '../../src/sinks/defineSink';
import { testEnv } from '../../src/testing/builders';

const sink: Sink = { write: () => EMPTY, health$: NEVER, close: () => Promise.resolve() };
const decode = decodeWith(t.type({ path: NonEmptyString, mode: withDefault(NonEmptyString, 'plain') }));

describe('defineSink', () => {
  it('gives all problems of the settings, and opens nothing', () => {
    const opened: unknown[] = [];
    const kind = defineSink({ decode, open: (settings) => (opened.push(settings), TE.right(sink)) });
    expect(kind({ mode: 5 }, 'streamsConfigs.a.settings')).toEqual(
      E.left([
        { path: 'streamsConfigs.a.settings.path', expected: 'a non-empty string', got: 'nothing' },
        { path: 'streamsConfigs.a.settings.mode', expected: 'a non-empty string', got: '5' },
      ]),
    );
    expect(opened).toEqual([]);
  });

  it('says what settings may be, where its codec does', () => {
    expect(defineSink({ decode, open: () => TE.right(sink) }).schema).toEqual({
      type: 'object',
      properties: { path: NonEmptyString.schema, mode: expect.objectContaining({ default: 'plain' }) as unknown },
      required: ['path'],
    });
    const untold = defineSink({ decode: () => E.right(1), open: () => TE.right(sink) });
    expect(untold.schema).toBeUndefined();
  });

  it('asks nothing of its buckets where the definition does not', () => {
    const kind = defineSink({ decode, open: () => TE.right(sink) });
    expect(kind({ path: 'a' }, '')).toMatchObject(
      E.right({ warnings: [], limits: {}, deadlineMs: undefined, claims: [] }),
    );
  });

  it('gives every part the decoded settings', async () => {
    const opened: (readonly [unknown, Env])[] = [];
    const kind = defineSink({
      decode,
      warnings: ({ mode }, path) => [{ path, expected: 'safe', got: mode }],
      limits: ({ path }) => ({ count: path.length }),
      deadlineMs: ({ path }) => path.length * 1000,
      claims: ({ path, mode }) => [`${path} ${mode}`],
      open: (settings, env) => (opened.push([settings, env]), TE.right(sink)),
    });
    const checked = kind({ path: 'abc' }, 'here');
    if (E.isLeft(checked)) throw new Error('settings that are right were refused');
    expect(checked.right).toMatchObject({
      warnings: [{ path: 'here', expected: 'safe', got: 'plain' }],
      limits: { count: 3 },
      deadlineMs: 3000,
      claims: ['abc plain'],
    });
    expect(opened).toEqual([]);
    const env = testEnv();
    expect(await checked.right.open(env, NO_OPTIONS)()).toEqual(E.right(sink));
    expect(opened).toEqual([[{ path: 'abc', mode: 'plain' }, env]]);
  });

  it('makes a sink beside it, of the settings that the definition gives', async () => {
    const opened: unknown[] = [];
    const kind = defineSink({
      decode,
      claims: ({ path }) => [path],
      share: ({ path }) => ({ messages: path.length, bytes: 1 }),
      deadLetters: ({ path, mode }) => (mode === 'plain' ? { path: `${path}.dead`, mode } : undefined),
      open: (settings) => (opened.push(settings), TE.right(sink)),
    });
    const checked = kind({ path: 'a' }, '');
    if (E.isLeft(checked)) throw new Error('settings that are right were refused');
    expect(checked.right).toMatchObject({ share: { messages: 1, bytes: 1 }, deadLetters: { claims: ['a.dead'] } });
    await checked.right.deadLetters?.open(testEnv(), NO_OPTIONS)();
    expect(opened).toEqual([{ path: 'a.dead', mode: 'plain' }]);
    expect(kind({ path: 'a', mode: 'other' }, '')).not.toHaveProperty('right.deadLetters');
  });

  it('passes on why a sink could not be opened', async () => {
    const kind = defineSink({ decode, open: (_, { name }) => TE.left({ sink: name, message: 'no such folder' }) });
    const checked = kind({ path: 'a' }, '');
    expect(E.isRight(checked) && (await checked.right.open(testEnv({ name: 'copy' }), NO_OPTIONS)())).toEqual(
      E.left({ sink: 'copy', message: 'no such folder' }),
    );
  });
});
