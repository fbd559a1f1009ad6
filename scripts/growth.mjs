/** `npm run bench:growth`: what a message costs as something grows. Options are passed on; see bench/growth/main.ts. */
import { build, install, run } from './setUp.mjs';

install();
build();
const args = ['-r', 'ts-node/register/transpile-only', 'bench/growth/main.ts', ...process.argv.slice(2)];
process.exitCode = run(process.execPath, args) ? 0 : 1;
