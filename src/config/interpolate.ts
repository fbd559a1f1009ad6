import type { Problem } from '../model';
import { childPath } from '../sinks/problems';
import type { Environment } from './env';
import { AnyObject, entriesOf } from './section';

/** A string that names variables, with their values in place of the names. */
interface FilledText {
  readonly value: string;
  readonly names: readonly string[];
  readonly problems: readonly Problem[];
}

/** A place that names variables. */
export interface Place {
  readonly path: string;
  readonly names: readonly string[];
}

/** A value in which every string has the values of the variables that it names. */
export interface Filled {
  readonly value: unknown;
  readonly places: readonly Place[];
  /** Variables that are missing, and `${…}` that name none; what stands there is left as it was. */
  readonly problems: readonly Problem[];
}

const REFERENCE = /\$\$\{|\$\{([^}]*)(\}?)/g;
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;
const ESCAPE = 'write $${ for a ${ that is no variable';

/** The text around a broken reference is not shown: it may be a secret. */
const problemOf = (path: string, name: string, closed: boolean, variables: Environment): Problem | undefined => {
  if (!closed) return { path, expected: `a } that ends \${ (${ESCAPE})`, got: 'none' };
  if (!NAME.test(name))
    return {
      path,
      expected: `the name of a variable in \${…}: letters, digits and _ (${ESCAPE})`,
      got: 'another text',
    };
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  if (value !== undefined && value.trim() !== '') return undefined;
  return {
    path,
    expected: `the variable ${name} to be set, in the environment or in the env file`,
    got: value === undefined ? 'none' : 'an empty one',
  };
};

const fillText = (text: string, path: string, variables: Environment): FilledText => {
  const references = [...text.matchAll(REFERENCE)].filter(([match]) => match !== '$${');
  const problems = references.flatMap(([, name = '', end]) => problemOf(path, name, end === '}', variables) ?? []);
  const names = references.map(([, name = '']) => name);
  if (problems.length > 0) return { value: text, names, problems };
  const value = text.replace(REFERENCE, (match, name: string | undefined) =>
    match === '$${' ? '${' : (variables[name ?? ''] ?? ''),
  );
  return { value, names, problems };
};

/** What names no variable. */
const asItStands = (value: unknown): Filled => ({ value, places: [], problems: [] });

const together = (parts: readonly Filled[]): Omit<Filled, 'value'> => ({
  places: parts.flatMap(({ places }) => places),
  problems: parts.flatMap(({ problems }) => problems),
});

const objectOf = (entries: readonly (readonly [key: string, Filled])[]): Filled => ({
  value: Object.fromEntries(entries.map(([key, { value }]) => [key, value])),
  ...together(entries.map(([, filled]) => filled)),
});

const listOf = (items: readonly Filled[]): Filled => ({
  value: items.map(({ value }) => value),
  ...together(items),
});

/**
 * Puts the values of variables into every string of `value`, keys excepted: `${NAME}` stands for a variable, `$${` for `${`.
 * What a variable holds is not looked at again.
 */
export const interpolate = (value: unknown, path: string, variables: Environment): Filled => {
  if (typeof value === 'string') {
    const { value: filled, names, problems } = fillText(value, path, variables);
    return { value: filled, places: names.length > 0 ? [{ path, names }] : [], problems };
  }
  if (typeof value !== 'object' || value === null) return asItStands(value);
  if (Array.isArray(value))
    return listOf(value.map((item, index) => interpolate(item, childPath(path, index), variables)));
  return objectOf(
    Object.entries(value).map(([key, item]) => [key, interpolate(item, childPath(path, key), variables)]),
  );
};

type Fill = (value: unknown, path: string) => Filled;

/** Fills what stands under some keys of an object, in any case; all else stays as it stands. */
const underKeys =
  (fills: Readonly<Record<string, Fill>>): Fill =>
  (value, path) =>
    AnyObject.is(value)
      ? objectOf(
          entriesOf(value).map(([written, item]) => {
            const [key, fill = asItStands] =
              Object.entries(fills).find(([name]) => name.toLowerCase() === written.toLowerCase()) ?? [];
            return [written, fill(item, childPath(path, key ?? written))];
          }),
        )
      : asItStands(value);

const eachOf =
  (fill: Fill): Fill =>
  (value, path) =>
    Array.isArray(value) ? listOf(value.map((item, index) => fill(item, childPath(path, index)))) : asItStands(value);

/** Puts the values of variables into what a document says of streams, and of the operators of buckets. */
export const interpolateDocument = (root: unknown, variables: Environment): Filled => {
  const all: Fill = (value, path) => interpolate(value, path, variables);
  const bucket = underKeys({ operators: all });
  return underKeys({ streamsConfigs: all, buckets: eachOf(bucket), defaultBucket: bucket })(root, '');
};
