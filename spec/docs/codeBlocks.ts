/**
 * Runs what pages show. A block between fences counts by its language: `ts`, `js` and `json` are looked at, others are not.
 *
 * - `js`: a CommonJS module. `exportsOf(block, files)` writes it to a folder of its own, with the files that it requires, loads it, and gives its exports.
 *   A block that begins with `// name.js` is known by that name.
 * - `ts`: `problemsOf(blocks)` type-checks them with the compiler options of the repo, each as a file of its own, where `kahets` and
 *   `kahets/testing` are this package's sources; `[]`: they are right. `compileBlocks(blocks)` writes them as CommonJS, to be run.
 *
 * ```ts
 * const blocks = codeBlocks('docs/writing-a-sink.md');
 * it('compiles', () => expect(problemsOf(blocks.filter(({ language }) => language === 'ts'))).toEqual([]));
 * ```
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { ROOT } from '../support/endToEnd';
import { fencedBlocks, type FencedBlock } from '../support/fencedBlocks';

export interface CodeBlock extends FencedBlock {
  /** Of the file that it shows, where its first line is a comment that names it; else `block-N` with the ending of its language. */
  readonly name: string;
}

const NAME = /^\/\/ ([\w.-]+\.(?:ts|js|json))$/;

/** The blocks of a page, in their order. `page` is a path from the root of the repo. */
export const codeBlocks = (page: string): readonly CodeBlock[] =>
  fencedBlocks(readFileSync(path.join(ROOT, page), 'utf8')).map((block, index) => ({
    ...block,
    name: NAME.exec(block.text.split('\n', 1)[0] ?? '')?.[1] ?? `block-${index}.${block.language || 'txt'}`,
  }));

/** The one block of that name. */
export const blockNamed = (blocks: readonly CodeBlock[], name: string): CodeBlock => {
  const [found, another] = blocks.filter((block) => block.name === name);
  if (!found || another) throw new Error(`expected one block that begins with "// ${name}"`);
  return found;
};

const folders: string[] = [];
afterAll(() => folders.splice(0).forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Writes blocks to a new folder, which is removed after the cases. */
export const writeBlocks = (blocks: readonly CodeBlock[]): string => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kahets-blocks-'));
  folders.push(folder);
  for (const { name, text } of blocks) writeFileSync(path.join(folder, name), `${text}\n`);
  return folder;
};

/** What a block of CommonJS exports. `beside`: other blocks that it requires. */
export const exportsOf = (block: CodeBlock, beside: readonly CodeBlock[] = []): unknown => {
  const file = path.join(writeBlocks([...beside, block]), block.name);
  return createRequire(file)(file);
};

const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts'],
  module: ts.ModuleKind.CommonJS,
  moduleResolution: ts.ModuleResolutionKind.Node10,
  ignoreDeprecations: '5.0',
  strict: true,
  noUncheckedIndexedAccess: true,
  exactOptionalPropertyTypes: true,
  noImplicitOverride: true,
  esModuleInterop: true,
  skipLibCheck: true,
  noEmit: true,
  types: ['node', 'jest'],
  typeRoots: [path.join(ROOT, 'node_modules/@types')],
  baseUrl: ROOT,
  paths: {
    kahets: ['src/index.ts'],
    'kahets/testing': ['src/testing/index.ts'],
    'kahets/client': ['src/client/index.ts'],
    '*': ['node_modules/*'],
  },
};

const shown = ({ file, start, messageText }: ts.Diagnostic): string => {
  const line =
    file && start !== undefined
      ? `${path.basename(file.fileName)}:${file.getLineAndCharacterOfPosition(start).line + 1}: `
      : '';
  return `${line}${ts.flattenDiagnosticMessageText(messageText, '\n')}`;
};

/** What is wrong with blocks of TypeScript, a text each. They may import each other by their names. */
export const problemsOf = (blocks: readonly CodeBlock[]): readonly string[] => {
  const folder = writeBlocks(blocks);
  const files = blocks.map(({ name }) => path.join(folder, name));
  const program = ts.createProgram(files, OPTIONS);
  return files
    .flatMap((file) => {
      const source = program.getSourceFile(file);
      return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
    })
    .map(shown);
};

/** What they import of the package, as files that a test runner can load. */
const SOURCES: readonly (readonly [name: string, file: string])[] = [
  ['kahets', 'src/index'],
  ['kahets/testing', 'src/testing/index'],
  ['kahets/client', 'src/client/index'],
];

/** What a block requires of others, as a path. */
const required = (name: string): string => {
  const own = SOURCES.find(([wanted]) => wanted === name);
  if (own) return path.join(ROOT, own[1]);
  return name.startsWith('.') ? name : require.resolve(name);
};

/**
 * Writes blocks of TypeScript as CommonJS to a new folder, which is removed after the cases, and returns it: load `NAME.js` there with
 * `jest.requireActual`.
 */
export const compileBlocks = (blocks: readonly CodeBlock[]): string =>
  writeBlocks(
    blocks.map((block) => {
      const { outputText } = ts.transpileModule(block.text, { compilerOptions: { ...OPTIONS, noEmit: false } });
      const text = outputText.replace(
        /\brequire\("([^"]+)"\)/g,
        (_, name: string) => `require(${JSON.stringify(required(name))})`,
      );
      return { ...block, name: block.name.replace(/\.ts$/, '.js'), text };
    }),
  );
