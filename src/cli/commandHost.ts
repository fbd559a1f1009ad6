import { readFileSync } from 'node:fs';
import { parse } from 'dotenv';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import { bucketsFile, decodeEnvironment, envFileName, type Environment } from '../config/env';
import { report } from '../config/report';
import { configure } from '../control/configure';
import { createModules } from '../control/modules';
import { mapSinks } from '../pipelines/modules';
import { sinks } from '../sinks';
import { messageOf } from '../wire/systemErrors';
import type { CommandHost } from './command';
import type * as Environments from './environment';

/** What the process itself gives: its streams, its folder, its signals. */
export type ProcessParts = Pick<
  CommandHost,
  | 'cwd'
  | 'environment'
  | 'err'
  | 'interrupted$'
  | 'out'
  | 'packageFolder'
  | 'process'
  | 'stdin'
  | 'stdout'
  | 'terminal'
  | 'version'
>;

const read = (path: string): E.Either<string, string> => E.tryCatch(() => readFileSync(path, 'utf8'), messageOf);

/** What commands take from a process that reads its configuration as the daemon does. */
export const createCommandHost = (parts: ProcessParts): CommandHost => {
  const { environment } = parts;
  const modules = createModules();
  const envFile = (): Environment => {
    const text = read(envFileName(environment));
    return E.isRight(text) ? parse(text.right) : {};
  };
  return {
    ...parts,
    now: Date.now,
    settings: () =>
      pipe(
        decodeEnvironment(environment, envFile()),
        E.bimap(
          (problems) => report('environment', problems),
          ({ settings }) => settings,
        ),
      ),
    bucketsFile: () => bucketsFile(environment, envFile()),
    configured: ({ bucketsFile: file, kinds = sinks, watch } = {}) =>
      configure({
        modules: (folder) => (watch ? mapSinks(modules(folder), watch) : modules(folder)),
        environment: file === undefined ? environment : { ...environment, BUCKETS_FILE: file },
        ...{ envFile: envFile(), kinds, read },
      }),
    streamEnvironment: (configured, write) => {
      // eslint-disable-next-line @typescript-eslint/no-require-imports -- with it comes what makes lines for people
      const { commandEnvironment } = require('./environment') as typeof Environments;
      return commandEnvironment(configured, write);
    },
  };
};
