import type { Env } from '../../model';
import { NAME_BYTES, safeName } from '../../wire/safeName';
import { HOSTNAME_BYTES, partBytes, SUFFIX_BYTES, type Part, type Template } from './template';

/** A name made of the template: folders below `path`, and the file in its numbered family `stem`, `stem-1`, `stem-2`… */
export interface Place {
  readonly folders: readonly string[];
  readonly stem: string;
  readonly extension: string;
}

/** All names that a component of the template can have made for a bucket, or for any. */
export interface NamePattern {
  /** What they all start with. */
  readonly prefix: string;
  /** Of a file’s name it gives the `stem` of its family, and its `number` where it has one. */
  readonly pattern: RegExp;
}

export interface Names {
  /** A name for a file of the bucket, here and now. */
  readonly place: (bucket: string) => Place;
  /** One for each component, the file's last. */
  readonly patterns: (bucket: string) => readonly NamePattern[];
  /** The same, whatever the bucket. */
  readonly anyPatterns: readonly NamePattern[];
  /** Buckets that share an owner share a file: all of them, where the template has no `{bucket}`. */
  readonly ownerOf: (bucket: string) => string | undefined;
}

const LARGEST_NUMBER = 9_999_999;
/** Fewer digits than `{ts}` and `{rand}` have: `requests-1` is never taken for a file of `{bucket}-{ts}`. */
const NUMBER = '(?:-(?<number>[1-9]\\d{0,6}))?';
/** What a bucket can become. */
const SAFE_NAME = '[A-Za-z0-9._%~-]+';

export const fileName = ({ stem, extension }: Place, number: number): string =>
  number === 0 ? `${stem}${extension}` : `${stem}-${number}${extension}`;

/** The number of a name in the family of `place`; nothing when it is of another. */
export const numberOf = ({ stem, extension }: Place, name: string): number | undefined => {
  if (!name.startsWith(stem) || !name.endsWith(extension) || name.length < stem.length + extension.length)
    return undefined;
  const middle = name.slice(stem.length, name.length - extension.length);
  if (middle === '') return 0;
  const number = /^-[1-9]\d*$/.test(middle) ? Number(middle.slice(1)) : NaN;
  return number <= LARGEST_NUMBER ? number : undefined;
};

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&');

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';

const isFixed = ({ kind }: Part, bucket: string | undefined): boolean =>
  kind === 'bucket' ? bucket !== undefined : kind !== 'rand' && kind !== 'ts';

/** How many bytes a bucket may take in a component, beside its other parts. */
const bucketRoom = (component: readonly Part[]): number => {
  const others = component.filter(({ kind }) => kind !== 'bucket').reduce((sum, part) => sum + partBytes(part), 0);
  const buckets = component.filter(({ kind }) => kind === 'bucket').length;
  return buckets === 0 ? 0 : Math.floor((NAME_BYTES - SUFFIX_BYTES - others) / buckets);
};

/** The names that a template makes on this host. */
export const createNames = (
  template: Template,
  { hostname, now, random }: Pick<Env, 'hostname' | 'now' | 'random'>,
): Names => {
  const { folders, stem, extension } = template;
  const host = safeName(hostname === '' ? 'localhost' : hostname, HOSTNAME_BYTES);
  const stemRoom = bucketRoom([...stem, { kind: 'literal', text: extension }]);
  const usesBucket = [...folders, stem].some((component) => component.some(({ kind }) => kind === 'bucket'));

  const fixed = (part: Part, bucket: string, room: number): string =>
    part.kind === 'literal' ? part.text : part.kind === 'bucket' ? safeName(bucket, room) : host;

  const fill = (part: Part, bucket: string, room: number): string => {
    if (part.kind === 'ts') return String(Math.floor(now() / 1000));
    if (part.kind !== 'rand') return fixed(part, bucket, room);
    return Array.from({ length: 8 }, () => LETTERS[Math.floor(random() * LETTERS.length)]).join('');
  };

  const render = (component: readonly Part[], bucket: string, room = bucketRoom(component)): string =>
    component.map((part) => fill(part, bucket, room)).join('');

  const pattern = (component: readonly Part[], bucket: string | undefined, room: number, tail: string): NamePattern => {
    const text = (part: Part): string => {
      if (part.kind === 'ts') return '\\d{9,}';
      if (part.kind === 'rand') return '[a-z0-9]{8}';
      return part.kind === 'bucket' && bucket === undefined ? SAFE_NAME : escaped(fixed(part, bucket ?? '', room));
    };
    const varies = component.findIndex((part) => !isFixed(part, bucket));
    return {
      prefix: component
        .slice(0, varies < 0 ? component.length : varies)
        .map((part) => fixed(part, bucket ?? '', room))
        .join(''),
      pattern: new RegExp(`^(?<stem>${component.map(text).join('')})${tail}$`),
    };
  };

  const patterns = (bucket: string | undefined): readonly NamePattern[] => [
    ...folders.map((component) => pattern(component, bucket, bucketRoom(component), '')),
    pattern(stem, bucket, stemRoom, `${NUMBER}${escaped(extension)}`),
  ];

  return {
    place: (bucket) => ({
      folders: folders.map((component) => render(component, bucket)),
      stem: render(stem, bucket, stemRoom),
      extension,
    }),
    patterns,
    anyPatterns: patterns(undefined),
    ownerOf: (bucket) => (usesBucket ? bucket : undefined),
  };
};
