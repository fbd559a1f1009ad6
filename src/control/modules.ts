import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { resolve } from 'node:path';
import { isModulePath } from '../config/operatorCodecs';
import { MADE, type Decode, type MessageOperator, type OperatorEnv, type OperatorKind, type SinkKind } from '../model';
import { defineOperator, type OperatorDefinition } from '../operators/defineOperator';
import { kindOf } from '../operators/runOperators';
import type { Loaded, Modules } from '../pipelines/modules';
import { codeOf, messageOf } from '../wire/systemErrors';

/** Loads modules of the user's, which runs them: each once a process, from the folder that their paths count from. */
export type LoadModules = (folder: string) => Modules;

/** What a file was when it was loaded. */
interface LoadedFile {
  readonly exported: unknown;
  readonly changedMs: number | undefined;
}

const ES_MODULE: ReadonlySet<string | undefined> = new Set(['ERR_REQUIRE_ESM', 'ERR_REQUIRE_ASYNC_MODULE']);

const changedMsOf = (file: string): number | undefined => statSync(file, { throwIfNoEntry: false })?.mtimeMs;

const firstLine = (text: string): string => text.split('\n', 1)[0] ?? '';

const reasonOf = (error: unknown): string =>
  ES_MODULE.has(codeOf(error))
    ? 'an ES module, which this Node cannot load: write it as CommonJS (module.exports = …) in a .cjs file'
    : firstLine(messageOf(error)) || 'an error without a message';

/** `module.exports`, or what stands there as `default`. */
const exportOf = (module: unknown): unknown =>
  typeof module === 'object' && module !== null && 'default' in module ? module.default : module;

const isMade = (what: 'operator' | 'sink', exported: unknown): boolean =>
  typeof exported === 'function' && Reflect.get(exported, MADE) === what;

const foundIn = (exported: unknown): string => {
  if (isMade('sink', exported)) return 'a sink';
  if (isMade('operator', exported)) return 'an operator';
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported)) return kindOf(exported);
  const names = Object.keys(exported);
  return names.length === 0 ? 'no export' : `an object with ${names.slice(0, 5).join(', ')}`;
};

type PlainOperator = (message: Parameters<MessageOperator>[0], env: OperatorEnv) => ReturnType<MessageOperator>;

const withoutSettings: Decode<object> = (settings, path) =>
  typeof settings === 'object' && settings !== null && Object.keys(settings).length === 0
    ? E.right(settings)
    : E.left([{ path, expected: 'none, since the module is a function alone', got: 'some' }]);

const isDefinition = (exported: unknown): exported is OperatorDefinition<unknown> =>
  typeof exported === 'object' && exported !== null && typeof Reflect.get(exported, 'open') === 'function';

/** A function alone is an operator without settings; an object with `open` is what `defineOperator` is given. */
const operatorOf = (exported: unknown): E.Either<string, OperatorKind> => {
  if (isMade('operator', exported)) return E.right(exported as OperatorKind);
  if (isDefinition(exported)) return E.right(defineOperator(exported));
  if (typeof exported !== 'function' || isMade('sink', exported)) return E.left(foundIn(exported));
  const plain = exported as PlainOperator;
  return E.right(defineOperator({ decode: withoutSettings, open: (_, env) => (message) => plain(message, env) }));
};

const sinkOf = (exported: unknown): E.Either<string, SinkKind> =>
  isMade('sink', exported) ? E.right(exported as SinkKind) : E.left(foundIn(exported));

export const createModules = (): LoadModules => {
  const files = new Map<string, LoadedFile>();

  const load = (folder: string, file: string): E.Either<string, LoadedFile> =>
    E.tryCatch(() => {
      const changedMs = changedMsOf(file);
      const found = files.get(file) ?? { exported: exportOf(createRequire(resolve(folder, '_'))(file)), changedMs };
      files.set(file, found);
      return found;
    }, reasonOf);

  return (folder) => {
    const loaded = <K>(path: string, kind: (exported: unknown) => E.Either<string, K>): E.Either<string, Loaded<K>> => {
      const file = resolve(folder, path);
      return pipe(
        load(folder, file),
        E.chain(({ exported, changedMs }) =>
          pipe(
            kind(exported),
            E.map((found) => ({ kind: found, isStale: changedMsOf(file) !== changedMs })),
          ),
        ),
        E.mapLeft((got) => `${path}: ${got}`),
      );
    };
    return {
      operator: (path) => loaded(path, operatorOf),
      sink: (type) => (isModulePath(type) ? loaded(type, sinkOf) : undefined),
    };
  };
};
