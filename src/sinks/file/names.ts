import { createHash } from 'node:crypto';
import type { Env } from '../../model';
import { HOSTNAME_BYTES, NAME_BYTES, partBytes, SUFFIX_BYTES, type Part, type Template } from './template';

/** A name made of the template: folders below `path`, and the file in its numbered family `stem`, `stem-1`, `stem-2`… */
export interface Place {
  readonly folders: readonly string[];
  readonly stem: string;
  readonly extension: string;
}

/** All names that a component of the template can have made for a bucket. */
export interface NamePattern {
  /** What they all start with. */
  readonly prefix: string;
  readonly pattern: RegExp;
}

export interface Names {
  /** A name for a file of the bucket, here and now. */
  readonly place: (bucket: string) => Place;
  /** One for each component, the file's last. */
  readonly patterns: (bucket: string) => readonly NamePattern[];
  /** Buckets that share an owner share a file: all of them, where the template has no `{bucket}`. */
  readonly ownerOf: (bucket: string) => string | undefined;
}

const LARGEST_NUMBER = 9_999_999;
/** Fewer digits than `{ts}` and `{rand}` have: `requests-1` is never taken for a file of `{bucket}-{ts}`. */
const NUMBER = '(?:-[1-9]\\d{0,6})?';
const HASH_LETTERS = 32;

const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** Cuts a name that is too long and adds a hash of the whole: `~` comes of no bucket, so nothing else has that name. */
const shorten = (encoded: string, whole: string, bytes: number): string => {
  if (encoded.length <= bytes) return encoded;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, HASH_LETTERS);
  return `${encoded.slice(0, bytes - HASH_LETTERS - 1).replace(/%.?$/, '')}~${hash}`;
};

/** Percent-encodes all but `A-Z a-z 0-9 . _ -`, and the dots of a text that has nothing else, which are steps of a path. */
export const safeName = (text: string, bytes = NAME_BYTES): string =>
  shorten(/^\.+$/.test(text) ? percent(text) : text.replace(/[^A-Za-z0-9._-]+/g, percent), text, bytes);

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

const isFixed = ({ kind }: Part): boolean => kind !== 'rand' && kind !== 'ts';

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

  const pattern = (component: readonly Part[], bucket: string, room: number, tail: string): NamePattern => {
    const text = (part: Part): string =>
      part.kind === 'ts' ? '\\d{9,}' : part.kind === 'rand' ? '[a-z0-9]{8}' : escaped(fixed(part, bucket, room));
    const varies = component.findIndex((part) => !isFixed(part));
    return {
      prefix: component
        .slice(0, varies < 0 ? component.length : varies)
        .map((part) => fixed(part, bucket, room))
        .join(''),
      pattern: new RegExp(`^${component.map(text).join('')}${tail}$`),
    };
  };

  return {
    place: (bucket) => ({
      folders: folders.map((component) => render(component, bucket)),
      stem: render(stem, bucket, stemRoom),
      extension,
    }),
    patterns: (bucket) => [
      ...folders.map((component) => pattern(component, bucket, bucketRoom(component), '')),
      pattern(stem, bucket, stemRoom, `${NUMBER}${escaped(extension)}`),
    ],
    ownerOf: (bucket) => (usesBucket ? bucket : undefined),
  };
};
