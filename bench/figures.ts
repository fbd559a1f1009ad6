/** Figures of several runs. */

/** The run in the middle by a figure; of an even number of runs the lower one. */
export const middleBy = <A>(runs: readonly A[], figure: (run: A) => number): A | undefined =>
  [...runs].sort((a, b) => figure(a) - figure(b))[Math.floor((runs.length - 1) / 2)];

/** `1.00 to 2.50`. */
export const minToMax = (values: readonly number[], text: (value: number) => string): string =>
  `${text(Math.min(...values))} to ${text(Math.max(...values))}`;
