import { MultiBar, type SingleBar } from 'cli-progress';

/** What is shown while files are sent. */
export interface Display {
  /** A line above the bar. */
  readonly line: (text: string) => void;
  /** Bytes that are settled, of all files. */
  readonly sent: (bytes: number) => void;
  readonly end: () => void;
}

/** Lines alone, for what is no terminal. */
export const plainDisplay = (err: (text: string) => void): Display => ({
  line: (text) => err(`${text}\n`),
  sent: () => undefined,
  end: () => undefined,
});

const MB = 1_000_000;

/** A bar below the lines. */
export const barDisplay = (terminal: NodeJS.WritableStream, totalBytes: number): Display => {
  const bars = new MultiBar({
    stream: terminal,
    format: '{bar} {percentage} %  {value} of {total} MB  {eta_formatted} left',
    formatValue: (value, _options, type) =>
      type === 'value' || type === 'total' ? (value / MB).toFixed(1) : String(value),
    barCompleteChar: '█',
    barIncompleteChar: '░',
    hideCursor: true,
    gracefulExit: false,
  });
  const bar: SingleBar = bars.create(totalBytes, 0);
  return {
    line: (text) => bars.log(`${text}\n`),
    sent: (bytes) => bar.update(bytes),
    end: () => {
      bars.update();
      bars.stop();
    },
  };
};
