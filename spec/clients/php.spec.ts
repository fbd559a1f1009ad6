/** The PHP client's own tests (clients/php/tests), each counted here: to list them is to run them. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { ROOT } from '../support/endToEnd';
import { describeSuite, hasPhp, runSuite, versionOf, type ForeignCase } from '../support/foreignTests';

const cwd = path.join(ROOT, 'clients/php');
const LIMIT_MS = 120_000;

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#10': '\n' };
const textOf = (xml: string): string => xml.replace(/&([^;]+);/g, (all, name: string) => ENTITIES[name] ?? all);

const outcomeOf = (inner: string): ForeignCase['outcome'] => {
  if (inner.includes('<skipped')) return 'skipped';
  return /<(failure|error|warning)\b/.test(inner) ? 'failed' : 'passed';
};

/** The cases of a report in JUnit's format, as PHPUnit writes it. */
const casesIn = (report: string): readonly ForeignCase[] =>
  [...report.matchAll(/<testcase name="([^"]*)" class="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)].map(
    ([, name = '', className = '', inner = '']) => ({
      name: `${className.replace(/^.*\\/, '')} ${textOf(name)}`,
      outcome: outcomeOf(inner),
      why: textOf(inner.replace(/<[^>]*>/g, '')).slice(0, 4000),
    }),
  );

/** `php -l` takes several files from PHP 8.3 on; before that, the first one alone. */
const LINT = "find . -name '*.php' -not -path './vendor/*' -print0 | xargs -0 -n 1 -P 2 php -l";

const run = (
  command: string,
  ...args: readonly string[]
): { readonly status: number | null; readonly output: string } => {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8', timeout: LIMIT_MS });
  return { status, output: stdout + stderr };
};

describe('the PHP client', () => {
  (hasPhp() ? it : it.skip)(
    'has no errors of syntax',
    () => {
      const { status, output } = run('sh', '-c', LINT);
      expect(status).toBe(0);
      expect(output.match(/^No syntax errors detected/gm)?.length).toBeGreaterThan(40);
    },
    LIMIT_MS,
  );

  (versionOf('phpcs', '--version') === undefined ? it.skip : it)(
    'is written as PSR-12 says',
    () => {
      expect(run('phpcs', '-q')).toEqual({ status: 0, output: '' });
    },
    LIMIT_MS,
  );
});

if (!hasPhp() || versionOf('phpunit', '--version') === undefined)
  describe.skip('the tests of the PHP client', () => it('run', () => undefined));
else
  describeSuite('the tests of the PHP client', runSuite('phpunit', ['--log-junit', 'php://stdout'], { cwd }, casesIn));
