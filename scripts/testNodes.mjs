/** `npm run test:nodes`: the unit specs under every Node that kahets is for. Options are passed on to jest. */
import { install, run } from './setUp.mjs';

install();
const args = ['-r', 'ts-node/register/transpile-only', 'scripts/testNodes.ts', ...process.argv.slice(2)];
process.exitCode = run(process.execPath, args) ? 0 : 1;
