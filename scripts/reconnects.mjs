/** `npm run bench:reconnects`: a thousand daemons on a virtual clock meet a broker that comes back. No broker is needed. */
import { install, run } from './setUp.mjs';

install();
process.exitCode = run(process.execPath, ['-r', 'ts-node/register/transpile-only', 'bench/reconnects.ts']) ? 0 : 1;
