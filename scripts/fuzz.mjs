/** `npm run fuzz`: ten million frames through the decoder; `-- --frames N --seed S`. */
import { install, run } from './setUp.mjs';

install();
const ok = run(process.execPath, [
  '-r',
  'ts-node/register/transpile-only',
  'spec/fuzz/main.ts',
  ...process.argv.slice(2),
]);
process.exitCode = ok ? 0 : 1;
