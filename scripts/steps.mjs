/** The checks of `npm test` and `npm run check`, and their count. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ROOT, local } from './root.mjs';
import { compile } from './setUp.mjs';

const count = (passed, failed = 0, skipped = 0) => ({ passed, failed, skipped });

/** A tool that passes or fails as a whole counts as one test. */
const tool = (title, name, args) => ({ title, command: local(name), args });

const exitOf = async (child) => {
  const [code] = await once(child, 'close');
  return code;
};

/** Runs a tool, and shows what it said when it has ended, in one piece: others run beside it, and go before it. */
const runTool = async ({ title, command, args }) => {
  const child = spawn('nice', ['-n', '19', command, ...args], { cwd: ROOT, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (output += text));
  const code = await exitOf(child);
  console.log(`${output}${code === 0 ? 'ok' : 'FAILED'}: ${title}`);
  return code === 0 ? count(1) : count(0, 1);
};

const sum = (one, other) => count(one.passed + other.passed, one.failed + other.failed, one.skipped + other.skipped);

const oneByOne = async (runs) => {
  let total = count(0);
  for (const run of runs) total = sum(total, await run());
  return total;
};

/** Jest's own counts; a file that cannot even be loaded counts as one failed test, and so does a run without a result. */
const jest = (title, project, ...options) => ({
  title,
  run: async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'kahets-jest-'));
    const file = path.join(folder, 'result.json');
    try {
      const args = ['--selectProjects', project, '--json', '--outputFile', file, ...options];
      const ok = (await exitOf(spawn(local('jest'), args, { cwd: ROOT, stdio: 'inherit' }))) === 0;
      if (!existsSync(file)) return count(0, 1);
      const result = JSON.parse(readFileSync(file, 'utf8'));
      const failed = result.numFailedTests + result.numRuntimeErrorTestSuites;
      const skipped = result.numPendingTests + result.numTodoTests;
      return count(result.numPassedTests, failed === 0 && !ok ? 1 : failed, skipped);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  },
});

const lint = tool('lint', 'eslint', ['.']);
const format = tool('format', 'prettier', ['--check', '--log-level', 'warn', '.']);
const types = tool('types', 'tsc', ['-p', '.']);
const rules = tool('import rules', 'depcruise', ['--config', '.dependency-cruiser.cjs', 'src', 'spec', 'bench']);
const deadExports = tool('dead exports', 'knip', []);
const api = { title: 'API report', command: process.execPath, args: ['scripts/api.mjs', 'check'] };
const reference = tool('reference of the API', 'typedoc', ['--emit', 'none']);

/** Tools that run side by side: linting takes as long as all others. */
export const fastChecks = [[lint], [types, rules, api]];
export const allChecks = [[lint], [types, rules, api, format, deadExports, reference]];
export const unit = jest('unit: operators, marbles, laws', 'unit', '--maxWorkers=3');
export const build = { title: 'build', run: () => (compile() ? count(1) : count(0, 1)) };
// They mostly wait: for brokers to start, for time-outs.
export const endToEnd = jest('end to end', 'e2e', '--maxWorkers=4');

const runStep = async ({ title, run }) => {
  console.log(`\n── ${title}`);
  const started = performance.now();
  const found = await run();
  console.log(`${found.failed === 0 ? 'ok' : 'FAILED'} (${((performance.now() - started) / 1000).toFixed(1)} s)`);
  return found;
};

/** Runs all steps, one after the other, and the tools in the time that these leave; ends with the count. */
export const runSteps = async (steps, lanes) => {
  const counts = await Promise.all([
    oneByOne(steps.map((step) => () => runStep(step))),
    ...lanes.map((tools) => oneByOne(tools.map((one) => () => runTool(one)))),
  ]);
  const { passed, failed, skipped } = counts.reduce(sum);
  console.log(`\n${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed > 0 ? 1 : 0;
};
