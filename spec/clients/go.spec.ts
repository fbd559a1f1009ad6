import path from 'node:path';
import { ROOT } from '../support/endToEnd';
import { describeSuite, hasGo, runSuite, type ForeignCase } from '../support/foreignTests';

const cwd = path.join(ROOT, 'clients/go');

const OUTCOMES: Readonly<Record<string, ForeignCase['outcome']>> = { PASS: 'passed', SKIP: 'skipped' };

if (!hasGo()) describe.skip('the client in Go', () => it('runs', () => undefined));
else
  describeSuite(
    'the client in Go',
    runSuite('go', ['test', '-count=1', '-v', './...'], { cwd }, (output) =>
      [...output.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+)/gm)].map(([, end = '', name = '']) => ({
        name,
        outcome: OUTCOMES[end] ?? 'failed',
      })),
    ),
  );
