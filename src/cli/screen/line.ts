import { printable } from '../printable';
import type { Cell } from './table';
import { cut, widthOf } from './width';

/** A line of parts beside each other, in at most `width` columns of the terminal. */
export const lineOf = (parts: readonly (Cell | string)[], width: number): string => {
  let left = width;
  return parts
    .map((part) => {
      const { text, paint }: Cell = typeof part === 'string' ? { text: part } : part;
      const shown = cut(printable(text), left);
      left -= widthOf(shown);
      return paint && shown !== '' ? paint(shown) : shown;
    })
    .join('');
};

/** Lines of at most `width` columns, broken between words; each begins with `indent`. */
export const wrapped = (
  text: string,
  width: number,
  { indent = '', paint = (line) => line }: { readonly indent?: string; readonly paint?: (line: string) => string } = {},
): readonly string[] => {
  const room = Math.max(1, width - indent.length);
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text).split(/ +/)) {
    const longer = line === '' ? word : `${line} ${word}`;
    if (line !== '' && widthOf(longer) > room) {
      lines.push(line);
      line = word;
    } else line = longer;
  }
  return [...lines, line].map((each) => indent + paint(cut(each, room)));
};
