import { createLogOutput, type LogOutput } from '../../../control/logOutput';

const STDOUT = 1;

/** Where the log goes: lines for people on a terminal. A service starts without the package that makes them. */
export const createOutput = async (isTerminal: boolean): Promise<LogOutput> => {
  if (!isTerminal) return createLogOutput(STDOUT);
  const { default: pretty } = await import('pino-pretty');
  const lines = pretty({ sync: true, singleLine: true });
  return {
    write: (line) => void lines.write(line),
    drained: () => Promise.resolve(),
    flushSync: () => undefined,
  };
};
