import path from 'node:path';
import { ROOT } from '../support/endToEnd';
import { describeSuite, hasPython, runSuite, type ForeignCase } from '../support/foreignTests';

const cwd = path.join(ROOT, 'clients/python');

const OUTCOMES: Readonly<Record<string, ForeignCase['outcome']>> = { ok: 'passed', skipped: 'skipped' };

if (!hasPython()) describe.skip('the client in Python', () => it('runs', () => undefined));
else
  describeSuite(
    'the client in Python',
    runSuite(
      'python3',
      ['-m', 'unittest', 'discover', '-v', '-s', 'tests'],
      { cwd, env: { PYTHONPATH: 'src:tests', PYTHONDONTWRITEBYTECODE: '1' } },
      // Between a case's name and its end stands what it logs.
      (output) =>
        [...output.matchAll(/^(test_\w+) \(([\w.]+)\) \.\.\. ((?:(?!^test_)[^])*?)(ok|FAIL|ERROR|skipped)\b/gm)].map(
          ([, name = '', place = '', , end = '']) => ({ name: `${place} ${name}`, outcome: OUTCOMES[end] ?? 'failed' }),
        ),
    ),
  );
