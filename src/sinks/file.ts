import { access, constants } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as TE from 'fp-ts/TaskEither';
import * as t from 'io-ts';
import type { Decode, Env, OpenError, Problem, StreamOptions } from '../model';
import { failedWith, messageOf } from '../wire/systemErrors';
import {
  about,
  decodeWith,
  durationIn,
  integerIn,
  maybe,
  MB,
  NonEmptyString,
  oneOf,
  schemaOf,
  sizeIn,
  withDefault,
} from './codecs';
import { defineSink } from './defineSink';
import { FSYNC, type Fsync } from './file/durability';
import { explain } from './file/errors';
import { makeRoot } from './file/folders';
import { openFileSink, type FileSettings } from './file/openFileSink';
import { probeFolder } from './file/probeFolder';
import { parseTemplate, patternOf, withSuffix, type Template } from './file/template';
import { childPath, kindOf } from './problems';

const HOUR_MS = 3_600_000;
/** The longest that a timer takes. */
const MAX_TIMER_MS = 0x7fff_ffff;

const Settings = t.type({
  path: about(NonEmptyString, 'a folder, made where it is missing; nothing is ever written outside of it'),
  fileNameTemplate: about(
    withDefault(NonEmptyString, '{bucket}'),
    'name of the file below `path`, with `{bucket}` `{PS}` (a path separator) `{hostname}` `{rand}` (8 letters and digits) `{ts}` (seconds)',
    ['{bucket}{PS}{hostname}-{ts}.frames'],
  ),
  sizeRotate: about(withDefault(sizeIn(1), 100 * MB), 'a file that has reached it is written to no more'),
  ageRotate: about(
    maybe(durationIn(1000, MAX_TIMER_MS)),
    'a file of that age is closed, and written to no more; without it age is no reason',
  ),
  fsync: about(
    withDefault<Fsync>(oneOf(FSYNC), 'interval'),
    'when bytes are [synced to the disk](files.md#what-survives-what)',
  ),
  fsyncIntervalMs: about(
    withDefault(durationIn(1, HOUR_MS), 1000),
    'for `fsync: interval`: within this time of the first byte that is not synced',
  ),
  maxFiles: about(
    withDefault(integerIn(1), 1024),
    'files of a bucket; the oldest goes when there are more, but where they are sent on: then messages wait',
  ),
});

interface Decoded extends FileSettings {
  readonly unknownKeys: readonly string[];
}

const decodeTemplate = (text: string, path: string): E.Either<readonly Problem[], Template> =>
  pipe(
    parseTemplate(text),
    E.mapLeft((faults) =>
      faults.map((expected) => {
        const at = childPath(path, 'fileNameTemplate');
        return { path: at, expected, got: kindOf(text, at) };
      }),
    ),
  );

const templateTextOf = (settings: unknown): string | undefined =>
  typeof settings === 'object' &&
  settings !== null &&
  'fileNameTemplate' in settings &&
  typeof settings.fileNameTemplate === 'string' &&
  settings.fileNameTemplate !== ''
    ? settings.fileNameTemplate
    : undefined;

const keysOf = (settings: unknown): readonly string[] =>
  typeof settings === 'object' && settings !== null ? Object.keys(settings) : [];

const decodePlain = decodeWith(Settings);

const check = (settings: unknown, path: string): E.Either<readonly Problem[], Decoded> => {
  const plain = decodePlain(settings, path);
  const template = decodeTemplate(templateTextOf(settings) ?? '{bucket}', path);
  if (E.isLeft(plain) || E.isLeft(template)) {
    return E.left([...(E.isLeft(plain) ? plain.left : []), ...(E.isLeft(template) ? template.left : [])]);
  }
  const unknownKeys = keysOf(settings).filter((key) => !Object.hasOwn(Settings.props, key));
  return E.right({ ...plain.right, template: template.right, unknownKeys });
};

const decode: Decode<Decoded> = Object.assign(check, {
  schema: { ...schemaOf(Settings), additionalProperties: false },
});

/** Mistakes of the configuration. Anything else may pass, and the sink is down until it has. */
const LASTING: ReadonlySet<string> = new Set([
  'EACCES',
  'EPERM',
  'ENOTDIR',
  'EEXIST',
  'ELOOP',
  'ENAMETOOLONG',
  'EINVAL',
]);

const tryRoot = async ({ path, fsync }: FileSettings): Promise<void> =>
  access(await makeRoot(path, fsync !== 'never'), constants.W_OK | constants.X_OK);

const open = (
  settings: FileSettings,
  env: Env,
  options: StreamOptions,
): TE.TaskEither<OpenError, ReturnType<typeof openFileSink>> =>
  pipe(
    TE.tryCatch(
      () => tryRoot(settings),
      (error) => error,
    ),
    TE.orElse((error) =>
      failedWith(LASTING, error)
        ? TE.left({ sink: env.name, message: `${settings.path}: expected a folder to write to: ${messageOf(error)}` })
        : TE.fromIO(() =>
            env.log.error('file: its folder is not there yet', { path: settings.path, cause: explain(error) }),
          ),
    ),
    TE.map(() => openFileSink(settings, env, options)),
  );

/**
 * Appends frames, as the client sent them, to files below a folder: one open file a bucket, rotated by size and age.
 *
 *     write                 a--b--c-----
 *     never      receipt    -a--b--c----
 *     interval   receipt    -a--b--c----      synced within `fsyncIntervalMs` of the first byte that is not
 *                sync       -----s------
 *     batch      receipt    ---a-----(bc)
 *                sync       ---s-----s--      one for all that waited
 *
 * Settings: `path`, the folder; `fileNameTemplate` (default `{bucket}`) with `{bucket} {PS} {hostname} {rand} {ts}`;
 * `sizeRotate` (default 100MB) and `ageRotate` (default: none), a file that has it is written to no more; `maxFiles` (default
 * 1024), the most files of a bucket; `fsync` (default interval) with `fsyncIntervalMs` (default 1000).
 * A full or broken disk fails the batch as `unavailable`, and what was written of it is cut off again.
 *
 * With `StreamOptions.spools` messages are records with their time of arrival, an open file is named `NAME.part`, nothing is
 * deleted (with `maxFiles` files of a bucket its batches are `unavailable`), and `Sink.spool` lists what waits to be sent on.
 */
export const file = defineSink<Decoded>({
  decode,
  warnings: ({ unknownKeys }, path) =>
    unknownKeys.map((key) => ({
      path: childPath(path, key),
      expected: `one of ${Object.keys(Settings.props).join(', ')}`,
      got: 'a setting that has no effect here',
    })),
  claims: ({ path, template }) => [`file ${join(resolve(path), patternOf(template))}`],
  where: ({ path, template }) => `files ${join(path, patternOf(template))}`,
  probe: ({ path }) => probeFolder(path),
  deadLetters: (settings) => {
    const template = withSuffix(settings.template, '.dead');
    return template && { ...settings, template };
  },
  replayable: ({ template: { folders, stem } }) =>
    [...folders, stem].flat().some(({ kind }) => kind === 'bucket') ? 'perBucket' : 'mixed',
  open,
});
