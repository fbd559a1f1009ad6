/** `npm start`: installs and builds where needed, then runs the daemon in the working directory. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { ROOT, build, install, say } from './setUp.mjs';

/** A signal that comes again so soon is the same one: the terminal and npm both pass it on. */
const SAME_SIGNAL_MS = 1000;

install();
build();
say(`Starting the daemon. When it is listening, try it from another terminal:
  php clients/php/send.php --messages 1000        (--help: how to choose the socket, bucket and keys)
Ctrl-C stops it, when all messages are delivered or backed up.
`);

// In a group of its own, so that Ctrl-C reaches it once, through us, and not a second time from the terminal.
const daemon = spawn(process.execPath, [path.join(ROOT, 'dist', 'kahets.cjs'), 'start', ...process.argv.slice(2)], {
  stdio: 'inherit',
  detached: true,
});

const lastMs = new Map();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGQUIT', 'SIGHUP']) {
  process.on(signal, () => {
    const now = performance.now();
    if (now - (lastMs.get(signal) ?? -Infinity) > SAME_SIGNAL_MS) daemon.kill(signal);
    lastMs.set(signal, now);
  });
}
process.once('exit', () => daemon.kill('SIGTERM'));

daemon.once('error', (error) => {
  say(`The daemon could not be started: ${error.message}`);
  process.exit(1);
});
daemon.once('exit', (code, signal) => {
  if (signal !== null) say(`The daemon was ended by ${signal}.`);
  process.exit(code ?? 1);
});
