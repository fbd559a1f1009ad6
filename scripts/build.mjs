/** `npm run build`: dist/, from nothing. */
import { compile, install } from './setUp.mjs';

install();
process.exitCode = compile() ? 0 : 1;
