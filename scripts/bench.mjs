/** `npm run bench`: what a message costs, beside the peers. Options are passed on; see bench/main.ts. */
import { build, install, run } from './setUp.mjs';

install();
build();
const ok = run(process.execPath, ['-r', 'ts-node/register/transpile-only', 'bench/main.ts', ...process.argv.slice(2)]);
process.exitCode = ok ? 0 : 1;
