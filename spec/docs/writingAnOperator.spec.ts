import * as E from 'fp-ts/Either';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { configure } from '../../src/control/configure';
import { createModules } from '../../src/control/modules';
import type { Message, MessageOperator } from '../../src/model';
import { sinks } from '../../src/sinks';
import { ROOT } from '../support/endToEnd';
import { blockNamed, codeBlocks, compileBlocks, exportsOf, problemsOf, writeBlocks } from './codeBlocks';

const blocks = codeBlocks('docs/writing-an-operator.md');
const ofLanguage = (wanted: string) => blocks.filter(({ language }) => language === wanted);

const message = (value: string, parts: Partial<Message> = {}): Message => ({
  ...{ bucket: 'orders', key: Buffer.from('k'), value: Buffer.from(value), headers: [], timestampMs: 0 },
  ...parts,
});

interface Definition {
  readonly open: (settings: object) => MessageOperator;
}

describe('docs/writing-an-operator.md', () => {
  it('shows nothing that no case here looks at', () => {
    expect(blocks.map(({ name }) => name)).toEqual([
      ...['upper.js', 'block-1.json', 'mask.js', 'block-3.json', 'route.js', 'dedupe.js', 'tag.ts', 'mask.test.js'],
      'withOperators.example.ts',
    ]);
  });

  it.each(['mask.js', 'route.js', 'dedupe.js'])('shows %s of the example', (name) => {
    const shown = readFileSync(path.join(ROOT, 'examples/operators', name), 'utf8');
    expect(`${blockNamed(blocks, name).text}\n`).toBe(shown);
  });

  it('its configuration is right, with its module', () => {
    const [first, second] = ofLanguage('json').map(({ text }) => text);
    const folder = writeBlocks(ofLanguage('js'));
    const check = (text: string) =>
      configure({
        ...{ environment: { BUCKETS_FILE: path.join(folder, 'buckets.json') }, envFile: {}, kinds: sinks },
        modules: createModules(),
        read: () => E.right(text),
      });
    expect(check(first ?? '')).toMatchObject({ _tag: 'Right', right: { warnings: [] } });
    const document = JSON.parse(first ?? '') as { readonly buckets: readonly object[] };
    const operators = JSON.parse(second ?? '') as object;
    const buckets = document.buckets.map((bucket) => ({ ...bucket, ...operators }));
    expect(check(JSON.stringify({ ...document, buckets }))).toMatchObject({ _tag: 'Right', right: { warnings: [] } });
  });

  it('upper.js, mask.js, route.js and dedupe.js do as they say', () => {
    const upper = exportsOf(blockNamed(blocks, 'upper.js')) as MessageOperator;
    expect(String(upper(message('a'))?.value)).toBe('A');
    const { open } = exportsOf(blockNamed(blocks, 'mask.js')) as Definition;
    expect(String(open({ fields: ['card'] })(message('{"card":"4111","id":1}'))?.value)).toBe('{"card":"***","id":1}');
    const route = exportsOf(blockNamed(blocks, 'route.js')) as MessageOperator;
    expect(route(message('{"level":"error"}'))?.bucket).toBe('orders-errors');
    const dedupe = (exportsOf(blockNamed(blocks, 'dedupe.js')) as Definition).open({});
    expect([dedupe(message('1')), dedupe(message('2'))]).toEqual([message('1'), undefined]);
  });

  it('mask.test.js passes', async () => {
    const folder = writeBlocks(ofLanguage('js'));
    const { stdout } = await promisify(execFile)(process.execPath, ['--test', '--test-reporter=tap', 'mask.test.js'], {
      cwd: folder,
      env: { PATH: process.env['PATH'] },
    });
    expect(stdout).toContain('# pass 1\n');
  });

  it('its TypeScript compiles and does as it says', () => {
    expect(problemsOf(ofLanguage('ts'))).toEqual([]);
    const folder = compileBlocks(ofLanguage('ts'));
    const { default: tag } = jest.requireActual<{ default: (settings: unknown, path: string) => unknown }>(
      path.join(folder, 'tag.js'),
    );
    expect(tag({ name: 'host' }, 'at')).toEqual(
      E.left([{ path: 'at', expected: 'name and value', got: 'something else' }]),
    );
    const checked = tag({ name: 'host', value: 'a' }, 'at') as E.Right<Definition>;
    expect(checked.right.open({})(message('1'))?.headers).toEqual([['host', Buffer.from('a')]]);
    const { example } = jest.requireActual<{ example: () => readonly string[] }>(
      path.join(folder, 'withOperators.example.js'),
    );
    expect(example()).toEqual(['1!', '2!']);
  }, 60_000);
});
