/** `npm run test:mutation`: whether the tests see it when the parts that lose or double messages are changed. Options are passed on to Stryker. */
import { install, runLocal } from './setUp.mjs';

install();
process.exitCode = runLocal('stryker', ['run', ...process.argv.slice(2)]) ? 0 : 1;
