/** The PHP client's own tests (clients/php/tests), each counted here: to list them is to run them. */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const CLIENT = path.resolve(__dirname, '../../clients/php');
const LIMIT_MS = 120_000;

interface Run {
  readonly status: number | null;
  readonly output: string;
}

/** Runs in the client's folder; undefined where the program is not installed. */
const run = (command: string, ...args: readonly string[]): Run | undefined => {
  const { error, status, stdout, stderr } = spawnSync(command, args, {
    cwd: CLIENT,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: LIMIT_MS,
  });
  if (error && 'code' in error && error.code === 'ENOENT') return undefined;
  return { status, output: stdout + stderr };
};

interface PhpTest {
  readonly className: string;
  readonly name: string;
  readonly outcome: 'passed' | 'skipped' | 'failed';
  readonly why: string;
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#10': '\n' };
const textOf = (xml: string): string => xml.replace(/&([^;]+);/g, (all, name: string) => ENTITIES[name] ?? all);

/** The cases of a report in JUnit's format, as PHPUnit writes it. */
const testsIn = (report: string): readonly PhpTest[] =>
  [...report.matchAll(/<testcase name="([^"]*)" class="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, name = '', className = '', inner = '']) => ({
      className: className.replace(/^.*\\/, ''),
      name: textOf(name),
      outcome: inner.includes('<skipped') ? 'skipped' : /<(failure|error|warning)\b/.test(inner) ? 'failed' : 'passed',
      why: textOf(inner.replace(/<[^>]*>/g, '')).slice(0, 4000),
    }),
  );

/** All tests; none where PHP or PHPUnit is not installed. */
const runTests = (): { readonly run: Run; readonly tests: readonly PhpTest[] } | undefined => {
  const folder = mkdtempSync(path.join(tmpdir(), 'kahets-phpunit-'));
  try {
    const report = path.join(folder, 'report.xml');
    const finished = run('phpunit', '--log-junit', report);
    return finished && { run: finished, tests: existsSync(report) ? testsIn(readFileSync(report, 'utf8')) : [] };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
};

/** `php -l` takes several files from PHP 8.3 on; before that, the first one alone. */
const LINT = "find . -name '*.php' -not -path './vendor/*' -print0 | xargs -0 -n 1 -P 2 php -l";

const php = run('php', '--version');
const phpcs = run('phpcs', '--version');
const tested = php && runTests();

describe('the PHP client', () => {
  (php ? it : it.skip)(
    'has no errors of syntax',
    () => {
      const lint = run('sh', '-c', LINT);
      expect(lint?.status).toBe(0);
      expect(lint?.output.match(/^No syntax errors detected/gm)?.length).toBeGreaterThan(40);
    },
    LIMIT_MS,
  );

  (phpcs ? it : it.skip)(
    'is written as PSR-12 says',
    () => {
      expect(run('phpcs', '-q')).toEqual({ status: 0, output: '' });
    },
    LIMIT_MS,
  );

  (tested ? it : it.skip)('has tests that run to their end', () => {
    expect(tested?.tests.length).toBeGreaterThan(200);
    expect(tested?.run.output).toMatch(/^OK/m);
    expect(tested?.run.status).toBe(0);
  });
});

const classes = [...new Set(tested?.tests.map(({ className }) => className))];
for (const wanted of classes)
  describe(`its ${wanted}`, () => {
    for (const { name, outcome, why } of tested?.tests.filter(({ className }) => className === wanted) ?? [])
      (outcome === 'skipped' ? it.skip : it)(name, () => {
        expect({ outcome, why }).toEqual({ outcome: 'passed', why: '' });
      });
  });
