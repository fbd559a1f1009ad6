import * as E from 'fp-ts/Either';
import type { Problem } from '../model';
import { childPath, kindOf } from '../sinks/problems';
import { KEYS } from './bucketsCodecs';
import type { Document } from './jsonc';
import { entriesOf, keyWarnings, valueOf } from './section';

/** The raw streams of a document, as [id, value]. */
export const streamsOf = (root: unknown): readonly (readonly [string, unknown])[] =>
  entriesOf(valueOf(root, 'streamsConfigs'));

const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** The raw buckets of a document, without the default one. */
export const bucketsOf = (root: unknown): readonly unknown[] => listOf(valueOf(root, 'buckets'));

/** What holds settings that sinks and operators check: the raw streams, and the raw operators of buckets. */
export const settingsOf = (root: unknown): readonly unknown[] => [
  ...streamsOf(root).map(([, stream]) => stream),
  ...[...bucketsOf(root), valueOf(root, 'defaultBucket')].map((bucket) => valueOf(bucket, 'operators')),
];

const choice = (known: ReadonlySet<string>): string => [...known].join(', ');

/**
 * The streams of a bucket that are defined, each once; an error where none is. A list that is none, and no streams
 * at all, are told of elsewhere.
 */
export const definedStreams = (
  bucket: unknown,
  path: string,
  known: ReadonlySet<string>,
): E.Either<readonly Problem[], readonly string[]> => {
  const written = valueOf(bucket, 'streams');
  const ids = listOf(written).filter((id) => typeof id === 'string');
  const defined = [...new Set(ids)].filter((id) => known.has(id));
  const judged = Array.isArray(written) && ids.length === written.length && known.size > 0;
  if (!judged || defined.length > 0) return E.right(defined);
  const got = ids.length === 0 ? 'an empty list' : ids.map((id) => kindOf(id, '')).join(', ');
  return E.left([
    { path: childPath(path, 'streams'), expected: `at least one stream of streamsConfigs (${choice(known)})`, got },
  ]);
};

const isStreamId = ([section, , ...deeper]: readonly (string | number)[]): boolean =>
  String(section).toLowerCase() === 'streamsconfigs' && deeper.length === 0;

const placeOf = (path: readonly (string | number)[]): string => path.reduce<string>(childPath, '');

/** Two streams, or two buckets, of one id: one of them would be lost in silence. */
export const repeatedIds = (root: unknown, repeated: Document['repeated']): readonly Problem[] => {
  const ids = bucketsOf(root).map((bucket) => valueOf(bucket, 'id'));
  return [
    ...repeated
      .filter((path) => path.length === 2 && isStreamId(path))
      .map((path) => ({ path: placeOf(path), expected: 'an id that no other stream has', got: 'the same id twice' })),
    ...ids.flatMap((id, index) => {
      const first = ids.indexOf(id);
      return typeof id !== 'string' || first === index
        ? []
        : {
            path: `buckets[${index}].id`,
            expected: 'an id that no other bucket has',
            got: `${kindOf(id, '')}, as in buckets[${first}]`,
          };
    }),
  ];
};

const streamsWarnings = (raw: unknown, path: string, known: ReadonlySet<string>): readonly Problem[] => {
  const ids = listOf(valueOf(raw, 'streams'));
  return ids.flatMap((id, index) => {
    const place = `${path}.streams[${index}]`;
    if (!known.has(String(id)))
      return { path: place, expected: `a stream of streamsConfigs (${choice(known)})`, got: kindOf(id, '') };
    return ids.indexOf(id) === index
      ? []
      : { path: place, expected: 'each stream once', got: `${kindOf(id, '')} again, which has no effect` };
  });
};

const operatorsWarnings = (raw: unknown, path: string): readonly Problem[] =>
  listOf(valueOf(raw, 'operators')).flatMap((operator, index) =>
    keyWarnings(KEYS.operator, operator, `${path}.operators[${index}]`),
  );

/** `$schema` is for editors, which find there what a document may say. */
const withoutSchema = (root: unknown): unknown =>
  Object.fromEntries(entriesOf(root).filter(([key]) => key !== '$schema'));

/** What is allowed and has no effect, or not the one that the user may think. */
export const warningsOf = (
  root: unknown,
  repeated: Document['repeated'],
  known: ReadonlySet<string>,
): readonly Problem[] => {
  const defaultBucket = valueOf(root, 'defaultBucket');
  const buckets = [
    ...bucketsOf(root).map((raw, index) => ({ raw, path: `buckets[${index}]` })),
    { raw: defaultBucket, path: 'defaultBucket' },
  ];
  const used = new Set(buckets.flatMap(({ raw }) => listOf(valueOf(raw, 'streams'))));
  return [
    ...repeated.map((path) => ({
      path: placeOf(path),
      expected: 'the key once',
      got: 'it twice: the last one counts',
    })),
    ...keyWarnings(KEYS.root, withoutSchema(root), ''),
    ...streamsOf(root).flatMap(([id, raw]) => {
      const path = childPath('streamsConfigs', id);
      return [
        ...keyWarnings(KEYS.stream, raw, path),
        ...operatorsWarnings(raw, path),
        ...keyWarnings(KEYS.backup, valueOf(raw, 'backup'), `${path}.backup`),
        ...keyWarnings(KEYS.deadLetter, valueOf(raw, 'deadLetter'), `${path}.deadLetter`),
        ...keyWarnings(KEYS.failover, valueOf(raw, 'failover'), `${path}.failover`),
        ...(used.has(id) ? [] : [{ path, expected: 'a bucket that uses it', got: 'a stream that no bucket names' }]),
      ];
    }),
    ...buckets.flatMap(({ raw, path }) => [
      ...keyWarnings(KEYS.bucket, raw, path),
      ...streamsWarnings(raw, path, known),
      ...operatorsWarnings(raw, path),
    ]),
  ];
};
