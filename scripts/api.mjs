/**
 * `npm run api`: writes what the package exports, with all types, to api/*.api.md, where a change of it is seen in review.
 * `node scripts/api.mjs check`, which `npm test` runs, writes nothing and fails where a report is older than the code.
 */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT, inRoot, runLocal } from './root.mjs';

/** For packages, when they are used: only then they are sure to be installed. */
const load = createRequire(import.meta.url);

/** Entry points of the package by the name of their report. */
const ENTRIES = { kahets: 'index', 'kahets-client': 'client/index', 'kahets-testing': 'testing/index' };

const QUIET = { default: { logLevel: 'none' } };
const COMPILER = {
  ...{ target: 'ES2022', lib: ['ES2023'], module: 'node16', moduleResolution: 'node16', strict: true },
  ...{ skipLibCheck: true, types: ['node', 'jest'] },
};

/** What stands in a signature is exported too, so that who builds on it can name it; the helpers for tests speak of what `kahets` exports. */
const messagesOf = (name) => ({
  compilerMessageReporting: QUIET,
  tsdocMessageReporting: QUIET,
  extractorMessageReporting: {
    ...QUIET,
    'ae-forgotten-export': { logLevel: name === 'kahets-testing' ? 'none' : 'error' },
  },
});

/** What the daemon's own decoders share, which nobody else gives. */
const INTERNAL = /"DecoderTables"/;

/** `folder` stands for the root: what lies in the root's own node_modules would count as another package's. */
const configOf = (name, folder) => {
  const { ExtractorConfig } = load('@microsoft/api-extractor');
  return ExtractorConfig.prepare({
    configObjectFullPath: inRoot('api-extractor.json'),
    packageJsonFullPath: path.join(folder, 'package.json'),
    configObject: {
      projectFolder: folder,
      mainEntryPointFilePath: path.join(folder, `${ENTRIES[name]}.d.ts`),
      compiler: { overrideTsconfig: { compilerOptions: COMPILER, files: [`${ENTRIES[name]}.d.ts`] } },
      apiReport: {
        ...{ enabled: true, reportFileName: `${name}.api.md` },
        ...{ reportFolder: inRoot('api'), reportTempFolder: path.join(folder, 'reports') },
      },
      ...{ docModel: { enabled: false }, dtsRollup: { enabled: false }, tsdocMetadata: { enabled: false } },
      messages: messagesOf(name),
    },
  });
};

/** Looks at every entry point; the answer is whether all are as their reports say, or were written. */
const report = (folder, writes) => {
  const { CompilerState, Extractor } = load('@microsoft/api-extractor');
  const configs = Object.keys(ENTRIES).map((name) => configOf(name, folder));
  const [first] = configs;
  const compilerState = CompilerState.create(first, {
    additionalEntryPoints: configs.map(({ mainEntryPointFilePath }) => mainEntryPointFilePath),
  });
  const tell = (message) => {
    message.handled = true;
    if (INTERNAL.test(message.text)) message.logLevel = 'none';
    if (message.logLevel === 'error') console.error(`${message.sourceFilePath}: ${message.text}`);
  };
  const results = configs.map((config) =>
    Extractor.invoke(config, { compilerState, localBuild: writes, messageCallback: tell }),
  );
  const changed = configs.filter((_, at) => results[at].apiReportChanged).map(({ reportFilePath }) => reportFilePath);
  for (const file of changed) {
    const name = path.relative(ROOT, file);
    console.error(
      writes
        ? `${name} is written`
        : `${name} is older than what the package exports: run npm run api, and look at the difference`,
    );
  }
  return results.every(({ errorCount }) => errorCount === 0) && (writes || changed.length === 0);
};

const writes = process.argv[2] !== 'check';
mkdirSync(inRoot('api'), { recursive: true });
const folder = mkdtempSync(path.join(tmpdir(), 'kahets-api-'));
try {
  copyFileSync(inRoot('package.json'), path.join(folder, 'package.json'));
  symlinkSync(inRoot('node_modules'), path.join(folder, 'node_modules'));
  // Whether types are right is another check.
  const emitted = runLocal('tsc', ['-p', 'tsconfig.build.json', '--noCheck', '--outDir', folder]);
  process.exitCode = emitted && report(folder, writes) ? 0 : 1;
} finally {
  rmSync(folder, { recursive: true });
}
