/** `npm run bench:profile`: what the time of the daemon goes into. Options are passed on; see bench/profile.ts. */
import { build, install, run } from './setUp.mjs';

install();
build();
const args = ['-r', 'ts-node/register/transpile-only', 'bench/profile.ts', ...process.argv.slice(2)];
process.exitCode = run(process.execPath, args) ? 0 : 1;
