/** What a terminal acts on rather than shows: control characters, and those that turn the direction of text or are no character. */

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Co}\p{Cn}]/gu;

const escaped = (character: string): string => {
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
};

/** Text that others chose, the name of a bucket say, so that it can be shown on a terminal: nothing in it moves or paints. */
export const printable = (text: string): string => text.replace(UNPRINTABLE, escaped);

/** The same of bytes, whose own line ends stay. */
export const printableLines = (bytes: Buffer): Buffer =>
  Buffer.from(bytes.toString().split('\n').map(printable).join('\n'));

const escapedInJson = (character: string): string =>
  character.replace(/[^]/g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`);

/** JSON that can be shown on a terminal, and says the same as any other. */
export const printableJson = (value: unknown): string => JSON.stringify(value).replace(UNPRINTABLE, escapedInJson);
