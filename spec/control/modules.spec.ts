import * as E from 'fp-ts/Either';
import { mkdtemp, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createModules, type LoadModules } from '../../src/control/modules';
import type { Message, OperatorKind } from '../../src/model';
import { testEnv } from '../../src/testing/builders';

const SRC = path.resolve(__dirname, '../../src');

const message: Message = { bucket: 'b', key: null, value: Buffer.from('1'), headers: [], timestampMs: 0 };

describe('createModules', () => {
  let folder = '';
  let load: LoadModules;
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kahets-modules-'));
    load = createModules();
  });
  afterEach(() => rm(folder, { recursive: true }));

  const write = (name: string, text: string): Promise<void> => writeFile(path.join(folder, name), text);
  const operatorOf = (text: string, name = './one.js') => write(name, text).then(() => load(folder).operator(name));
  const sinkOf = (text: string, type = './one.js') => write(type, text).then(() => load(folder).sink(type));
  const opened = (loaded: E.Either<string, { readonly kind: OperatorKind }>, settings: unknown = {}) => {
    if (E.isLeft(loaded)) throw new Error(loaded.left);
    const checked = loaded.right.kind(settings, 'at');
    if (E.isLeft(checked)) throw new Error(JSON.stringify(checked.left));
    return checked.right.open(testEnv({ name: 'archive' }));
  };

  it('a function is an operator, given its environment', async () => {
    const loaded = await operatorOf('module.exports = (message, env) => ({ ...message, bucket: env.name });');
    expect(opened(loaded)(message)).toEqual({ ...message, bucket: 'archive' });
  });

  it('a function takes no settings', async () => {
    const loaded = await operatorOf('module.exports = (message) => message;');
    expect(E.isRight(loaded) && loaded.right.kind({ a: 1 }, 'at')).toEqual(
      E.left([{ path: 'at', expected: 'none, since the module is a function alone', got: 'some' }]),
    );
  });

  it('an object with open is an operator with settings', async () => {
    const loaded = await operatorOf(
      'module.exports = { open: ({ to }) => (message) => ({ ...message, bucket: to }) };',
    );
    expect(opened(loaded, { to: 'x' })(message)).toEqual({ ...message, bucket: 'x' });
  });

  it('what defineOperator makes is one, also as default; its settings are checked', async () => {
    const loaded = await operatorOf(
      `
      const { left } = require('fp-ts/Either');
      const { defineOperator } = require('${SRC}/operators/defineOperator');
      exports.default = defineOperator({
        decode: (_, path) => left([{ path, expected: 'others', got: 'these' }]),
        open: () => (message) => message,
      });`.replace("'fp-ts/Either'", `'${require.resolve('fp-ts/Either')}'`),
    );
    expect(E.isRight(loaded) && loaded.right.kind({}, 'at')).toEqual(
      E.left([{ path: 'at', expected: 'others', got: 'these' }]),
    );
  });

  it('what defineSink makes is a sink, and no operator', async () => {
    const text = `module.exports = require('${SRC}/sinks/blackhole').blackhole;`;
    const loaded = await sinkOf(text);
    expect(loaded && E.isRight(loaded) && loaded.right.kind({}, 'at')).toMatchObject({ _tag: 'Right' });
    expect(await operatorOf(text, './two.js')).toEqual(E.left('./two.js: a sink'));
  });

  it('a type that is no path is none of its business', () => {
    expect(load(folder).sink('kafka')).toBeUndefined();
  });

  it.each<readonly [string, string, string]>([
    ['exports nothing', '', 'no export'],
    ['exports something else', 'module.exports = { a: 1, b: 2 };', 'an object with a, b'],
    ['exports a list', 'module.exports = [];', 'a list'],
    ['exports null', 'module.exports = null;', 'null'],
    ['exports a text', 'module.exports = "mask";', 'a string'],
    ['throws', 'throw new Error("no card\\nat all");', 'no card'],
    ['throws no error', 'throw "text";', 'text'],
  ])('says what it found where a module %s', async (_, text, got) => {
    expect(await operatorOf(text)).toEqual(E.left(`./one.js: ${got}`));
  });

  it('says where a module is missing', () => {
    expect(load(folder).operator('./none.js')).toMatchObject({
      left: expect.stringMatching(/^\.\/none\.js: Cannot find module/) as unknown,
    });
  });

  it('a sink is what defineSink makes, and nothing else', async () => {
    expect(await sinkOf('module.exports = (message) => message;')).toEqual(E.left('./one.js: a function'));
  });

  it('loads a module once, and says when its file has changed since', async () => {
    const first = await operatorOf('module.exports = (message) => ({ ...message, bucket: "first" });');
    expect(first).toMatchObject({ right: { isStale: false } });
    await write('./one.js', 'module.exports = () => undefined;');
    await utimes(path.join(folder, 'one.js'), 1, 1);
    const again = load(folder).operator('./one.js');
    expect(again).toMatchObject({ right: { isStale: true } });
    expect(opened(again)(message)?.bucket).toBe('first');
  });
});
