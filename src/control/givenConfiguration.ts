import { readFileSync } from 'node:fs';
import * as E from 'fp-ts/Either';
import type { Environment } from '../config/env';
import type { PlacedProblem } from '../config/report';
import type { SinkKind } from '../model';
import { messageOf } from '../wire/systemErrors';
import { configure, type Configured } from './configure';
import type { LoadModules } from './modules';

/** Where in problems a configuration stands that is no file. */
const GIVEN = 'config';

export interface Given {
  /** The path of a `buckets.json`, or what would stand in one. */
  readonly config: string | object;
  readonly environment: Environment;
  readonly kinds: Readonly<Record<string, SinkKind>>;
  /** Loads the modules that it names. */
  readonly modules: LoadModules;
}

const textOf = (config: string | object): E.Either<string, string> =>
  E.tryCatch(() => (typeof config === 'string' ? readFileSync(config, 'utf8') : JSON.stringify(config)), messageOf);

/** Only the command serves HTTP. */
const httpProblems = ({ HTTP = '' }: Environment): readonly PlacedProblem[] =>
  HTTP.trim() === ''
    ? []
    : [
        {
          ...{ file: 'environment', path: 'HTTP', got: JSON.stringify(HTTP) },
          expected: 'nothing: a daemon inside a program serves no HTTP, its rows() and settled$ tell your own server',
        },
      ];

/** Of a text that nobody has written no line is told. */
const withoutLine = ({ file, path, expected, got }: PlacedProblem): PlacedProblem => ({ file, path, expected, got });

/** Reads and checks what a program gave: all that is wrong with it, or the configuration. */
export const readGiven = ({
  config,
  environment,
  kinds,
  modules,
}: Given): E.Either<readonly PlacedProblem[], Configured> => {
  const isFile = typeof config === 'string';
  const found = configure({
    environment: { ...environment, BUCKETS_FILE: isFile ? config : GIVEN },
    ...{ envFile: {}, kinds, modules, read: () => textOf(config) },
  });
  const wrong = [...httpProblems(environment), ...(E.isLeft(found) ? found.left : [])];
  if (wrong.length === 0) return found;
  return E.left(isFile ? wrong : wrong.map(withoutLine));
};
