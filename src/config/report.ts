import type { Problem } from '../model';

/** A place in a file, both from 1; columns are counted as editors do, in UTF-16 units. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A problem, and where it was read: a file, of which the place may be known, or `environment`. */
export interface PlacedProblem extends Problem, Partial<Position> {
  readonly file: string;
}

/** What is not printable would break a line, or a terminal. */
const plain = (text: string): string => text.replace(/\p{C}/gu, (character) => JSON.stringify(character).slice(1, -1));

/**
 * One line for each problem, for people. `source` is where it was read: a file, `environment`.
 *
 * ```ts
 * report('buckets.json', problems); // ['buckets.json: streamsConfigs.kafka_01.slice: expected a number from 0 to 1, got "2"']
 * ```
 */
export const report = (source: string, problems: readonly Problem[]): readonly string[] =>
  problems.map(({ path, expected, got }) =>
    plain(`${source}: ${path === '' ? '' : `${path}: `}expected ${expected}, got ${got}`),
  );

/** The same of problems that were read in several places. */
export const problemLines = (problems: readonly PlacedProblem[]): readonly string[] =>
  problems.flatMap((problem) => report(problem.file, [problem]));
