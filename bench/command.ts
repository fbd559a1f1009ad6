/** What the commands of the bench have in common. */
import { messageOf } from '../src/wire/systemErrors';

/** For a cell of a table. */
export const firstLineOf = (error: unknown): string => messageOf(error).split('\n', 1)[0] ?? '';

/** The number in an option. Throws where it is none, or not above 0. */
export const positive = (option: string, text: string): number => {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new Error(`--${option}: expected a number above 0, got ${text}`);
};

/** Throws where one of `asked` is none of `known`. */
export const expectKnown = (asked: readonly string[], known: readonly string[]): void => {
  const unknown = asked.filter((name) => !known.includes(name));
  if (unknown.length > 0) throw new Error(`expected ${known.join(', ')}; got ${unknown.join(', ')}`);
};

/** Runs a command to its end. At a signal the handlers of 'exit' end what it has started. */
export const runCommand = (main: () => Promise<void>): void => {
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
  main().catch((error: unknown) => {
    console.error(messageOf(error));
    process.exitCode = 1;
  });
};
