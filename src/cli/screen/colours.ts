import { createColors, type Color } from 'colorette';
import type { Environment } from '../../config/env';

/** What is shown in which colour; on what takes none, as it is. */
export interface Colours {
  readonly good: Color;
  readonly bad: Color;
  readonly doubtful: Color;
  readonly faint: Color;
  readonly strong: Color;
  /** Light on dark and dark on light change places. */
  readonly reversed: Color;
}

const coloursOf = (useColor: boolean): Colours => {
  const { green, red, yellow, dim, bold, inverse } = createColors({ useColor });
  return { good: green, bad: red, doubtful: yellow, faint: dim, strong: bold, reversed: inverse };
};

export const plain: Colours = coloursOf(false);
export const coloured: Colours = coloursOf(true);

/**
 * Colours for a terminal, unless its user wants none.
 *
 * @see https://no-color.org
 */
export const coloursFor = (isTerminal: boolean, { NO_COLOR = '', TERM = '' }: Environment): Colours =>
  isTerminal && NO_COLOR === '' && TERM !== 'dumb' ? coloured : plain;
