import stringWidth from 'string-width';

const graphemes = new Intl.Segmenter('en', { granularity: 'grapheme' });
const ASCII = /^[\x20-\x7e]*$/;

/** What people take for single signs, an emoji of several characters for one. */
export const signsOf = (text: string): readonly string[] =>
  Array.from(graphemes.segment(text), ({ segment }) => segment);

/** Columns that a text takes on a terminal, which has no control characters: a Chinese sign takes two, an accent none. */
export const widthOf = (text: string): number => (ASCII.test(text) ? text.length : stringWidth(text));

/** The beginning of a text, in at most `width` columns; what is cut off is told by `…`. */
export const cut = (text: string, width: number): string => {
  if (widthOf(text) <= width) return text;
  if (width < 1) return '';
  let [kept, columns] = ['', 1];
  for (const sign of signsOf(text)) {
    columns += widthOf(sign);
    if (columns > width) break;
    kept += sign;
  }
  return `${kept}…`;
};

/** A text in exactly `width` columns: cut, or blanks beside it. */
export const fit = (text: string, width: number, align: 'left' | 'right' = 'left'): string => {
  const shown = cut(text, width);
  const blanks = ' '.repeat(Math.max(0, width - widthOf(shown)));
  return align === 'left' ? shown + blanks : blanks + shown;
};
