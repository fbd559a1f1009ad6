import { streamLog } from '../../../src/sinks/kafka/streamLog';
import { memoryLog } from '../../../src/testing/builders';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal'] as const;

/** What a stream's log passes on of one line of each level. */
const passed = (settings: { readonly debug: boolean; readonly level: number }): readonly string[] => {
  const log = memoryLog();
  const ofStream = streamLog(log, settings);
  for (const level of LEVELS) ofStream[level](`a ${level} line`, { level });
  return log.lines.map(({ level, message, fields }) => `${level}: ${message} ${String(fields['level'])}`);
};

const lineOf = (level: string, as = level): string => `${as}: a ${level} line ${level}`;

describe('streamLog', () => {
  it.each([
    [0, []],
    [1, []],
    [2, ['fatal']],
    [3, ['error', 'fatal']],
    [4, ['warn', 'error', 'fatal']],
    [5, ['warn', 'error', 'fatal']],
    [6, ['info', 'warn', 'error', 'fatal']],
    [7, [...LEVELS]],
  ])('passes on at log_level %i: %j', (level, expected) =>
    expect(passed({ debug: false, level })).toEqual(expected.map((of) => lineOf(of))),
  );

  it('shows lines for finding errors as information with debug', () =>
    expect(passed({ debug: true, level: 7 })).toEqual([
      lineOf('trace'),
      lineOf('debug', 'info'),
      ...['info', 'warn', 'error', 'fatal'].map((of) => lineOf(of)),
    ]));
});
