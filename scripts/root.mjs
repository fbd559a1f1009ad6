/** Where the project lies, and how programs are run there. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
export const inRoot = (...parts) => path.join(ROOT, ...parts);

/** For people, on standard error: standard output belongs to the program that is run. */
export const say = (text) => process.stderr.write(`${text}\n`);

/** Runs a program in the root with our terminal; true when it exits with 0. */
export const run = (command, args, env = {}) =>
  spawnSync(command, args, { cwd: ROOT, stdio: 'inherit', env: { ...process.env, ...env } }).status === 0;

/** A program of an installed package. */
export const local = (name) => inRoot('node_modules', '.bin', name);

export const runLocal = (name, args, env) => run(local(name), args, env);
