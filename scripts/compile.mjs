/** Makes dist/: the program and the APIs in a file each, and what they bring along (docs/decisions/0611). */
import { copyFileSync, cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { licencesOf } from './licences.mjs';
import { ROOT, inRoot, runLocal, say } from './root.mjs';

/** For packages, when they are used: scripts import this file before anything is installed. */
const load = createRequire(import.meta.url);

/** Packages with binaries, which no bundle can hold. */
export const NATIVE = ['@mongodb-js/zstd', '@node-rs/crc32', 'lz4-napi', 'snappy'];

/** Makes one file of an entry; its answer is the files that are in it. */
const bundle = (entry, outfile, external, options = {}) => {
  const { metafile } = load('esbuild').buildSync({
    ...{ entryPoints: [entry], outfile, external, absWorkingDir: ROOT, bundle: true, metafile: true },
    ...{ platform: 'node', target: 'node20.3', logLevel: 'warning', sourcemap: true, sourcesContent: false },
    // Modules of which what nobody uses is left out.
    mainFields: ['module', 'main'],
    // A package that is loaded when it is needed is in the bundle too; Node's loader of modules is not started for it.
    supported: { 'dynamic-import': false },
    ...options,
  });
  return Object.keys(metafile.inputs);
};

/** The program. rxjs gives the modules that can be left out to browsers alone. */
const bundleProgram = () =>
  bundle('src/main.ts', 'dist/kahets.cjs', NATIVE, { alias: { rxjs: './node_modules/rxjs/dist/esm/index.js' } });

/** What others build upon, test with, and send with. */
const APIS = ['index', 'testing/index', 'client/index'];

/** They share the packages that are installed with them: an Observable of theirs is one of ours. */
const bundleApis = () => {
  const { dependencies } = JSON.parse(readFileSync(inRoot('package.json'), 'utf8'));
  return APIS.flatMap((name) => bundle(`src/${name}.ts`, `dist/${name}.js`, Object.keys(dependencies)));
};

/** A file of declarations and those that it needs. */
const declarations = (file, found = new Set()) => {
  if (found.has(file)) return found;
  found.add(file);
  const ts = load('typescript');
  for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles)
    if (fileName.startsWith('.'))
      declarations(ts.resolveModuleName(fileName, file, {}, ts.sys).resolvedModule.resolvedFileName, found);
  return found;
};

/** The declarations of the APIs; false when there is a type error anywhere in src/. */
const declareApis = () => {
  const all = inRoot('dist', 'declarations');
  if (!runLocal('tsc', ['-p', 'tsconfig.build.json', '--outDir', all])) return false;
  for (const file of APIS.flatMap((name) => [...declarations(path.join(all, `${name}.d.ts`))])) {
    const target = inRoot('dist', path.relative(all, file));
    mkdirSync(path.dirname(target), { recursive: true });
    copyFileSync(file, target);
  }
  rmSync(all, { recursive: true });
  return true;
};

const PAGE = ['control', 'http', 'page'];
const CHART = ['uPlot.iife.min.js', 'uPlot.min.css'].map((name) => path.join('node_modules/uplot/dist', name));

/** The files of the status page go as they are; those of its chart lie beside them. */
const copyPage = () => {
  cpSync(inRoot('src', ...PAGE), inRoot('dist', ...PAGE), { recursive: true });
  for (const file of CHART) copyFileSync(inRoot(file), inRoot('dist', ...PAGE, path.basename(file)));
};

/** The licences of what dist/ has from others. It is written last. */
export const LICENCES = 'THIRD-PARTY-LICENSES.txt';

/** Makes dist/ from nothing; true when it worked. Writes nothing when there is a type error. */
export const compile = () => {
  rmSync(inRoot('dist'), { recursive: true, force: true });
  if (!declareApis()) return false;
  try {
    copyPage();
    const files = [...bundleProgram(), ...bundleApis(), ...CHART];
    writeFileSync(inRoot('dist', LICENCES), licencesOf(files));
    return true;
  } catch (error) {
    say(error.message);
    return false;
  }
};
