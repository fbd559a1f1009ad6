import * as E from 'fp-ts/Either';
import { NAME_BYTES } from '../../wire/safeName';

/** One piece of a name: text as it stands, or what is filled in. */
export type Part =
  { readonly kind: 'literal'; readonly text: string } | { readonly kind: 'bucket' | 'hostname' | 'rand' | 'ts' };

/** A `fileNameTemplate`, taken apart: `{bucket}/{hostname}-{ts}.log` has one folder, a stem and the extension `.log`. */
export interface Template {
  readonly folders: readonly (readonly Part[])[];
  readonly stem: readonly Part[];
  /** Of the text after the last placeholder, from its last dot on: never a piece of a bucket's name. */
  readonly extension: string;
}

/** Kept free in each name for `-9999999`, and for `.bad-99` behind it. */
export const SUFFIX_BYTES = 16;
export const HOSTNAME_BYTES = 64;
/** A bucket's share of a name: below this it could not be cut and stay unique. */
const LEAST_BUCKET_BYTES = 48;

const FILLED_BYTES = { bucket: LEAST_BUCKET_BYTES, hostname: HOSTNAME_BYTES, rand: 8, ts: 12 } as const;

const isPlaceholder = (name: string): name is keyof typeof FILLED_BYTES => Object.hasOwn(FILLED_BYTES, name);

export const partBytes = (part: Part): number =>
  part.kind === 'literal' ? Buffer.byteLength(part.text) : FILLED_BYTES[part.kind];

const partsOf = (component: string): readonly Part[] =>
  component
    .split(/(\{[^{}]*\})/)
    .filter((text) => text !== '')
    .map((text) => {
      const name = text.slice(1, -1);
      return text.startsWith('{') && isPlaceholder(name) ? { kind: name } : { kind: 'literal', text };
    });

const splitExtension = (name: readonly Part[]): Pick<Template, 'stem' | 'extension'> => {
  const last = name.at(-1);
  const dot = last?.kind === 'literal' ? last.text.lastIndexOf('.') : -1;
  if (last?.kind !== 'literal' || dot < 0 || (dot === 0 && name.length === 1)) return { stem: name, extension: '' };
  const before = last.text.slice(0, dot);
  const rest: readonly Part[] = before === '' ? [] : [{ kind: 'literal', text: before }];
  return { stem: [...name.slice(0, -1), ...rest], extension: last.text.slice(dot) };
};

const tooLong = (component: readonly Part[]): boolean =>
  component.reduce((sum, part) => sum + partBytes(part), SUFFIX_BYTES) > NAME_BYTES;

/** What is wrong with a template, as what was expected of it; nothing when it is right. */
const faultsOf = (text: string, steps: readonly string[]): readonly string[] => {
  const unknown = (text.match(/\{[^{}]*\}/g) ?? []).filter(
    (found) => found !== '{PS}' && !isPlaceholder(found.slice(1, -1)),
  );
  return [
    ...unknown.map((found) => `the placeholders {bucket}, {PS}, {hostname}, {rand} and {ts} only, not ${found}`),
    ...(text.includes('\0') ? ['a name without a zero byte'] : []),
    ...(steps[0] === '' ? ['a name inside `path`, not an absolute one'] : []),
    ...(steps.at(-1) === '' ? ['a file name after the last separator'] : []),
    ...(steps.some((step) => step === '.' || step === '..') ? ['no steps `.` or `..`'] : []),
    ...steps
      .filter((step) => tooLong(partsOf(step)))
      .map(() => `names that leave room in ${NAME_BYTES} bytes for what is filled in`),
  ];
};

/** Takes a template apart, or says of all that is wrong what was expected. `{PS}` and `/` both make folders. */
export const parseTemplate = (text: string): E.Either<readonly string[], Template> => {
  const steps = text.replaceAll('{PS}', '/').split('/');
  const faults = faultsOf(text, steps);
  if (faults.length > 0) return E.left(faults);
  const components = steps.filter((step) => step !== '').map(partsOf);
  return E.right({ folders: components.slice(0, -1), ...splitExtension(components.at(-1) ?? []) });
};

/** The template with `suffix` behind its names, as an extension of its own; nothing where they would be too long. */
export const withSuffix = ({ folders, stem, extension }: Template, suffix: string): Template | undefined => {
  const longer: readonly Part[] = extension === '' ? stem : [...stem, { kind: 'literal', text: extension }];
  return tooLong([...longer, { kind: 'literal', text: suffix }])
    ? undefined
    : { folders, stem: longer, extension: suffix };
};

const wildcards = (component: readonly Part[]): string =>
  component
    .map((part) => (part.kind === 'literal' ? part.text : '*'))
    .join('')
    .replace(/\*+/g, '*');

/** The template with `*` for whatever is filled in: templates that share it can make the same names. */
export const patternOf = ({ folders, stem, extension }: Template): string =>
  [...folders.map(wildcards), wildcards(stem) + extension].join('/');
