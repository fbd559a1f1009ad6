/** `npm run bench:micro`: what the parts of a message's way take by themselves. Options are passed on; see bench/micro/main.ts. */
import { install, run } from './setUp.mjs';

install();
const args = ['-r', 'ts-node/register/transpile-only', 'bench/micro/main.ts', ...process.argv.slice(2)];
process.exitCode = run(process.execPath, args) ? 0 : 1;
