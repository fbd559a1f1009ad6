/** `npm run docs`: the pages of docs/ that are made of code, in whole or in part. A unit spec says when one is older than its code. */
import { install, run } from './setUp.mjs';

install();
process.exitCode = run(process.execPath, ['-r', 'ts-node/register/transpile-only', 'scripts/writeDocs.ts']) ? 0 : 1;
