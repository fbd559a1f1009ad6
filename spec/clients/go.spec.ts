import path from 'node:path';
import { ROOT } from '../support/endToEnd';
import { describeSuite, runSuite, versionOf } from '../support/foreignTests';

const cwd = path.join(ROOT, 'clients/go');
const [, minor = '0'] = /go1\.(\d+)/.exec(versionOf('go', 'version') ?? '') ?? [];

// The first with log/slog.
if (Number(minor) < 21) describe.skip('the client in Go', () => it('runs', () => undefined));
else
  describeSuite(
    'the client in Go',
    runSuite('go', ['test', '-count=1', '-v', './...'], { cwd }, (output) =>
      [...output.matchAll(/^ *--- (PASS|FAIL|SKIP): (\S+)/gm)].map(([, end, name = '']) => ({
        name,
        passed: end === 'PASS',
      })),
    ),
  );
