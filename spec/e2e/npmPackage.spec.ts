/** What `npm pack` packs of the build: all that is needed and nothing else. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import ts from 'typescript';
import { ROOT } from '../support/endToEnd';
import { packInto, type Packed } from '../support/npmPackage';

const KB = 1024;
const MOST_PACKED = 1000 * KB;
const MOST_UNPACKED = 4000 * KB;
/** The program, which is the largest. */
const MOST_A_FILE = 2500 * KB;

/** Packages with binaries, which stay outside of the program. */
const NATIVE = ['@mongodb-js/zstd', '@node-rs/crc32', 'lz4-napi', 'snappy'];

interface Manifest {
  readonly main: string;
  readonly types: string;
  readonly bin: Readonly<Record<string, string>>;
  readonly exports: Readonly<Record<string, string | Readonly<Record<string, string>>>>;
  readonly dependencies: Readonly<Record<string, string>>;
}
interface Lockfile {
  readonly packages: Readonly<Record<string, { readonly dev?: boolean; readonly hasInstallScript?: boolean }>>;
}

/** `@scope/name` or `name` of what is imported. */
const packageOf = (module: string): string => module.split('/', module.startsWith('@') ? 2 : 1).join('/');

describe('the package of npm', () => {
  const work = mkdtempSync(path.join(tmpdir(), 'kahets-pack-'));
  const root = path.join(work, 'package');
  let packed: Packed;
  let manifest: Manifest;
  let names: readonly string[] = [];
  const read = (name: string): string => readFileSync(path.join(root, name), 'utf8');

  beforeAll(() => {
    packed = packInto(work);
    names = packed.files.map(({ path: name }) => name);
    execFileSync('tar', ['-xf', path.join(work, packed.filename), '-C', work]);
    manifest = JSON.parse(read('package.json')) as Manifest;
  }, 60_000);
  afterAll(() => rmSync(work, { recursive: true }));

  it('holds these folders and files, and no others', () => {
    const inFolder = (folder: string): readonly string[] => {
      const below = names.filter((name) => name.startsWith(folder)).map((name) => name.slice(folder.length));
      return [...new Set(below.map((name) => name.split('/', 1)[0] ?? ''))].sort();
    };
    expect(inFolder('')).toEqual([
      ...[
        '.env.dev.local',
        'LICENSE',
        'README.md',
        'buckets.json',
        'clients',
        'dist',
        'docs',
        'package.json',
        'packaging',
      ],
    ]);
    expect(inFolder('dist/').filter((name) => name.includes('.') && !name.endsWith('.d.ts'))).toEqual([
      ...['THIRD-PARTY-LICENSES.txt', 'index.js', 'kahets.cjs'],
    ]);
    expect(inFolder('docs/').filter((name) => !name.endsWith('.md'))).toEqual(['buckets.schema.json']);
    expect(names.filter((name) => name.startsWith('clients/'))).toEqual(['clients/node/README.md']);
    expect(inFolder('packaging/')).toEqual(['README.md', 'debian', 'grafana', 'prometheus', 'systemd']);
  });

  it('has code in four files, beside what browsers load', () => {
    const code = names.filter((name) => /\.[cm]?js$/.test(name) && !name.startsWith('dist/control/http/page/'));
    expect(code).toEqual(['dist/client/index.js', 'dist/index.js', 'dist/kahets.cjs', 'dist/testing/index.js']);
    expect(names.filter((name) => /\.(map|tsbuildinfo|png|svg|log)$/.test(name))).toEqual([
      'dist/control/http/page/icon.svg',
    ]);
    expect(names.filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))).toEqual([]);
  });

  it('is small', () => {
    expect(packed.size).toBeLessThan(MOST_PACKED);
    expect(packed.unpackedSize).toBeLessThan(MOST_UNPACKED);
    expect(packed.files.filter(({ size }) => size > MOST_A_FILE)).toEqual([]);
  });

  it('has what its package.json names, and a command that may be executed', () => {
    const { main, types, bin } = manifest;
    const exported = Object.values(manifest.exports).flatMap((given) =>
      (typeof given === 'string' ? [given] : Object.values(given)).map((name) => path.normalize(name)),
    );
    expect(exported).toHaveLength(7);
    expect([main, types, ...exported, ...Object.values(bin)].filter((name) => !names.includes(name))).toEqual([]);
    expect(statSync(path.join(root, bin['kahets'] ?? '')).mode & 0o111).toBe(0o111);
    expect(read(bin['kahets'] ?? '')).toMatch(/^#!\/usr\/bin\/env node\n/);
  });

  it('needs packages with binaries to run, and for the public API what is installed with it', () => {
    const required = (name: string): readonly string[] => {
      const calls = read(name).matchAll(/\brequire(?:\.resolve)?\("([^"./][^"]*)"\)/g);
      const modules = [...calls].map(([, module = '']) => module).filter((module) => !isBuiltin(module));
      return [...new Set(modules.map(packageOf))].sort();
    };
    expect(required('dist/kahets.cjs')).toEqual(NATIVE);
    const installed = Object.keys(manifest.dependencies);
    expect(required('dist/index.js')).toEqual(expect.arrayContaining(['fp-ts', 'io-ts', 'kafkajs', 'rxjs']));
    expect(required('dist/index.js').filter((name) => !installed.includes(name))).toEqual([]);
    expect(required('dist/client/index.js')).toEqual([]);
  });

  it('has no declarations but those that its own need, and all of these', () => {
    const declared = names.filter((name) => name.endsWith('.d.ts'));
    const imported = declared.flatMap((name) =>
      ts.preProcessFile(read(name)).importedFiles.map(({ fileName }) => ({ name, fileName })),
    );
    const own = imported
      .filter(({ fileName }) => fileName.startsWith('.'))
      .map(({ name, fileName }) => path.join(path.dirname(name), fileName))
      .map((module) => (names.includes(`${module}.d.ts`) ? `${module}.d.ts` : `${module}/index.d.ts`));
    expect(
      [...new Set(['dist/index.d.ts', 'dist/client/index.d.ts', 'dist/testing/index.d.ts', ...own])].sort(),
    ).toEqual([...declared].sort());
    const installed = Object.keys(manifest.dependencies);
    const others = imported.map(({ fileName }) => fileName).filter((name) => !name.startsWith('.') && !isBuiltin(name));
    expect(others.filter((name) => !installed.includes(packageOf(name)))).toEqual([]);
  });

  it('tells the licence of every package whose code it has', () => {
    const licences = read('dist/THIRD-PARTY-LICENSES.txt');
    // A bundle says above each module where it was.
    const inside = ['dist/kahets.cjs', 'dist/index.js']
      .flatMap((name) => [...read(name).matchAll(/^ *\/\/ (node_modules\/\S+)$/gm)].map(([, file = '']) => file))
      .map((file) => file.slice(file.lastIndexOf('node_modules/') + 'node_modules/'.length));
    const packages = [...new Set([...inside.map(packageOf), 'uplot'])];
    expect(packages).toEqual(expect.arrayContaining(['rxjs', 'kafkajs', 'pino', 'prom-client', 'uplot']));
    expect(packages.filter((name) => !licences.includes(`\n${name} `))).toEqual([]);
    expect(licences).toMatch(/^kafkajs \S+ \(MIT\)\n\n-+\n\nThe MIT License\n\nCopyright \(c\) 2018/m);
  });

  it('has pages whose links to pages lead somewhere', () => {
    const links = names
      .filter((name) => name.endsWith('.md'))
      .flatMap((name) =>
        [...read(name).matchAll(/\]\(([^)#:\s]+)(?:#[^)]*)?\)/g)].map(([, link = '']) => ({
          name,
          target: path.join(path.dirname(name), link),
        })),
      );
    expect(links.length).toBeGreaterThan(50);
    const missing = links.filter(({ target }) => !existsSync(path.join(root, target)));
    // Pictures, decisions, clients in other languages, sources, examples and pages for developers stay in the repository.
    expect(
      missing.filter(
        ({ target }) =>
          !/^(docs\/(images|growth|decisions)|clients\/(go|php|python)|examples|src|ARCHITECTURE|CHANGELOG|CONTRIBUTING)\b/.test(
            target,
          ),
      ),
    ).toEqual([]);
  });

  it('runs nothing when it is installed, nor does a package that comes with it', () => {
    const { packages } = JSON.parse(readFileSync(path.join(ROOT, 'package-lock.json'), 'utf8')) as Lockfile;
    const installed = Object.entries(packages).filter(([, { dev }]) => dev !== true);
    expect(installed.length).toBeGreaterThan(10);
    expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)).toEqual([]);
    expect(Object.keys((JSON.parse(read('package.json')) as { scripts: object }).scripts)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/^(pre|post)?install$|^prepare$/)]),
    );
  });
});
