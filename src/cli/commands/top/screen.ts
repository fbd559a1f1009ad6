import type { Keyboard, Terminal } from '../../screen/terminal';
import type { Size } from './model';

/** Lines over all of a terminal. */
export interface Screen {
  readonly draw: (lines: readonly string[]) => void;
  /** Makes the terminal as it was. A second call does nothing. */
  readonly close: () => void;
}

/** The other screen, no cursor, and lines that end at the edge. */
const ENTER = '\u001b[?1049h\u001b[?25l\u001b[?7l';
const LEAVE = '\u001b[?7h\u001b[?25h\u001b[?1049l';
const TOP_LEFT = '\u001b[H';
/** What is left of the line, and of the screen, from a frame before. */
const REST_OF_LINE = '\u001b[K';
const REST_OF_SCREEN = '\u001b[J';

/** Of terminals that do not say how large they are. */
const USUAL: Size = { columns: 80, rows: 24 };

export const sizeOf = ({ columns, rows }: Size): Size => ({
  columns: columns || USUAL.columns,
  rows: rows || USUAL.rows,
});

export const openScreen = (terminal: Terminal, keyboard: Keyboard | undefined): Screen => {
  let isOpen = true;
  // Who hung up needs no goodbye.
  for (const stream of [terminal, keyboard]) stream?.on('error', () => undefined);
  keyboard?.setRawMode(true);
  keyboard?.resume();
  terminal.write(ENTER);
  return {
    draw: (lines) =>
      void terminal.write(`${TOP_LEFT}${lines.join(`${REST_OF_LINE}\r\n`)}${REST_OF_LINE}${REST_OF_SCREEN}`),
    close: () => {
      if (!isOpen) return;
      isOpen = false;
      terminal.write(LEAVE);
      keyboard?.setRawMode(false);
      keyboard?.pause();
    },
  };
};
