import type { Problem } from '../model';
import { isSecretName } from '../sinks/problems';
import type { Environment } from './env';
import type { Place } from './interpolate';

/** Texts that nobody may read → what is shown instead. */
export type Secrets = ReadonlyMap<string, string>;

const HIDDEN = '***';
/** A shorter text is in too many words: of a password it is hidden where it stands alone, else only at its place. */
const SHORT = 4;

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&');

/** How a text may stand inside another: as it is, in JSON, in a URL. */
const formsOf = (text: string): readonly string[] => [
  ...new Set([text, text.trim(), JSON.stringify(text).slice(1, -1), encodeURIComponent(Buffer.from(text).toString())]),
];

/** Replaces secrets in a text, the longest first. */
export const hideIn = (secrets: Secrets): ((text: string) => string) => {
  const shown = new Map(
    [...secrets].flatMap(([text, instead]) => formsOf(text).map((form) => [form, instead] as const)),
  );
  const texts = [...shown.keys()].filter((text) => text !== '').sort((a, b) => b.length - a.length);
  if (texts.length === 0) return (text) => text;
  const patterns = texts.map((text) => (text.length < SHORT ? `(?<!\\w)${escaped(text)}(?!\\w)` : escaped(text)));
  const any = new RegExp(patterns.join('|'), 'g');
  return (text) => text.replace(any, (match) => shown.get(match) ?? HIDDEN);
};

/** The same secrets, with nothing said of where they come from. */
export const withoutNames = (secrets: Secrets): Secrets => new Map([...secrets.keys()].map((text) => [text, HIDDEN]));

/** Strings and numbers under names of secrets, however deep; `path` is that inside of them. */
const writtenSecrets = (value: unknown, path: string): readonly string[] => {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, item]) =>
      writtenSecrets(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`),
    );
  const isText = typeof value === 'string' || typeof value === 'number';
  return isText && value !== '' && isSecretName(path) ? [String(value)] : [];
};

const reference = (name: string): string => `\${${name}}`;

/** The secrets of settings: what variables put there, and what stands under the name of a secret. */
export const secretsOf = (settings: readonly unknown[], places: readonly Place[], variables: Environment): Secrets =>
  new Map([
    ...settings.flatMap((value) => writtenSecrets(value, '')).map((text) => [text, HIDDEN] as const),
    ...places
      .flatMap(({ names }) => names)
      .map((name) => [variables[name] ?? '', reference(name)] as const)
      .filter(([text]) => text.length >= SHORT),
  ]);

/**
 * Makes problems fit to be shown: at a place that names variables the names stand for what was found, and elsewhere no
 * secret stands. Where a variable is missing (`broken`), nothing else is said.
 */
export const showProblems = (
  places: readonly Place[],
  broken: readonly Problem[],
  secrets: Secrets,
): ((problems: readonly Problem[]) => readonly Problem[]) => {
  const hide = hideIn(secrets);
  // Keys match in any case, and a problem names them as they are called here.
  const names = new Map(places.map(({ path, names: of }) => [path.toLowerCase(), of]));
  const untold = new Set(broken.map(({ path }) => path.toLowerCase()));
  return (problems) =>
    problems
      .filter(({ path }) => !untold.has(path.toLowerCase()))
      .map(({ path, expected, got }) => ({
        path,
        expected: hide(expected),
        got: names.get(path.toLowerCase())?.map(reference).join('') ?? hide(got),
      }));
};
