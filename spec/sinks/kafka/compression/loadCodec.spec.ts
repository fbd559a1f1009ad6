import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { arch, platform, tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import * as zlib from 'node:zlib';
import * as E from 'fp-ts/Either';
import ts from 'typescript';
import { loadCodec } from '../../../../src/sinks/kafka/compression/loadCodec';

const ROOT = path.resolve(__dirname, '../../../..');
const NATIVE = { snappy: 'snappy', lz4: 'lz4-napi', zstd: '@mongodb-js/zstd' } as const;
const FILES = ['loadCodec', 'gzip', 'snappy', 'lz4', 'zstd'];
const SCRIPT = `
  const [name] = process.argv.slice(1);
  require('./loadCodec.js').loadCodec(name, -1)().then((loaded) => console.log(JSON.stringify(loaded)));
`;

/** A copy of the codecs beside packages whose binaries for this machine were not installed: they are packages of their own, and optional. */
const withoutBinaries = async (): Promise<string> => {
  const folder = await mkdtemp(path.join(tmpdir(), 'kahets-codecs-'));
  const packages = path.join(folder, 'node_modules');
  await mkdir(packages);
  await symlink(path.join(ROOT, 'node_modules/fp-ts'), path.join(packages, 'fp-ts'));
  for (const name of Object.values(NATIVE))
    await cp(path.join(ROOT, 'node_modules', name), path.join(packages, name), { recursive: true });
  for (const name of FILES) {
    const source = await readFile(path.join(ROOT, 'src/sinks/kafka/compression', `${name}.ts`), 'utf8');
    const compilerOptions = { module: ts.ModuleKind.Node16, target: ts.ScriptTarget.ES2022, esModuleInterop: true };
    const { outputText } = ts.transpileModule(source, { compilerOptions, fileName: `${name}.cts` });
    await writeFile(path.join(folder, `${name}.js`), outputText);
  }
  return folder;
};

describe('loadCodec', () => {
  it.each(['gzip', 'snappy', 'lz4', 'zstd'] as const)('%s: finds what is installed', async (name) => {
    expect(await loadCodec(name, -1)()).toEqual(E.right(expect.objectContaining({ id: expect.any(Number) as number })));
  });

  describe('without the binaries of the packages', () => {
    let folder: string;
    beforeAll(async () => {
      folder = await withoutBinaries();
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));

    const loadThere = async (name: string): Promise<E.Either<string, object>> => {
      const { stdout } = await promisify(execFile)(process.execPath, ['-e', SCRIPT, name], { cwd: folder });
      return JSON.parse(stdout) as E.Either<string, object>;
    };

    it.each(['snappy', 'lz4'] as const)(
      '%s: says which package is missing, for what machine, and what to do',
      async (name) => {
        const loaded = await loadThere(name);
        if (E.isRight(loaded)) throw new Error(`expected ${name} not to be found`);
        expect(loaded.left).toMatch(
          `compression.codec ${name} needs the package ${NATIVE[name]} with its binary for ${platform()} ${arch()}, which cannot be loaded (`,
        );
        expect(loaded.left).toMatch('or set compression.codec to gzip, which needs no package');
        expect(loaded.left).not.toMatch('\n');
      },
    );

    it("zstd: takes Node's own where there is one, else says so", async () => {
      const expected =
        'zstdCompressSync' in zlib
          ? E.right({ id: 4 })
          : E.left(expect.stringMatching(/needs the package @mongodb-js\/zstd .* use Node 22\.15 or later/));
      expect(await loadThere('zstd')).toEqual(expected);
    });

    it('gzip: needs none of them', async () => {
      expect(await loadThere('gzip')).toMatchObject(E.right({ id: 1 }));
    });
  });
});
