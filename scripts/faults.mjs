/** `npm run test:faults`: faults done to the built daemon. Options are passed on; see spec/faults/main.ts. */
import { build, install, run } from './setUp.mjs';

install();
build();
const args = ['-r', 'ts-node/register/transpile-only', 'spec/faults/main.ts', ...process.argv.slice(2)];
process.exitCode = run(process.execPath, args) ? 0 : 1;
