import path from 'node:path';
import { ROOT } from '../support/endToEnd';
import { describeSuite, runSuite, versionOf } from '../support/foreignTests';

const cwd = path.join(ROOT, 'clients/python');

if (versionOf('python3', '--version') === undefined)
  describe.skip('the client in Python', () => it('runs', () => undefined));
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
          ([, name = '', place = '', , end]) => ({ name: `${place} ${name}`, passed: end === 'ok' }),
        ),
    ),
  );
