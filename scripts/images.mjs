/** `npm run images`: the pictures of the status page in docs/images. */
import { build, install, run } from './setUp.mjs';

install();
build();
const args = ['-r', 'ts-node/register/transpile-only', 'scripts/statusImages.ts', ...process.argv.slice(2)];
process.exitCode = run(process.execPath, args) ? 0 : 1;
