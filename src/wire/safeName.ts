import { createHash } from 'node:crypto';

/** The longest name of a file or folder, in bytes (ext4, xfs, btrfs, tmpfs). */
export const NAME_BYTES = 255;

const HASH_LETTERS = 32;

const percent = (text: string): string =>
  [...Buffer.from(text)].map((byte) => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`).join('');

/** Cuts a name that is too long and adds a hash of the whole: `~` comes of no text, so nothing else has that name. */
const shorten = (encoded: string, whole: string, bytes: number): string => {
  if (encoded.length <= bytes) return encoded;
  const hash = createHash('sha256').update(whole).digest('hex').slice(0, HASH_LETTERS);
  return `${encoded.slice(0, bytes - HASH_LETTERS - 1).replace(/%.?$/, '')}~${hash}`;
};

/** Percent-encodes all but `A-Z a-z 0-9 . _ -`, and the dots of a text that has nothing else, which are steps of a path. */
export const safeName = (text: string, bytes = NAME_BYTES): string =>
  shorten(/^\.+$/.test(text) ? percent(text) : text.replace(/[^A-Za-z0-9._-]+/g, percent), text, bytes);
