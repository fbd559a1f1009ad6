import { createEnding } from '../../src/control/ending';
import { createLedger } from '../../src/control/ledger';
import type { Spilled } from '../../src/control/spill';
import { memoryLog } from '../../src/testing/builders';

const whole: Spilled = {
  stream: 'kafka',
  file: { path: '/spool/1.frames', messages: 3, notDurable: undefined },
  lost: new Map(),
  cause: undefined,
};
const half: Spilled = { ...whole, stream: 'copy', lost: new Map([['b', 2]]), cause: 'ENOSPC' };

type Options = Parameters<typeof createEnding>[0];

const anEnding = (parts: Partial<Options> = {}) => {
  const steps: string[] = [];
  const step =
    (name: string) =>
    (text?: string): void =>
      void steps.push(text === undefined ? name : `${name} ${text.trim()}`);
  const log = memoryLog();
  const ending = createEnding({
    spill: () => {
      step('spill')();
      return [];
    },
    log: {
      ...log,
      fatal: (message, fields) => {
        step('fatal')(message);
        log.fatal(message, fields);
      },
    },
    ledger: createLedger(),
    flush: step('flush'),
    say: step('say'),
    release: step('release'),
    ...parts,
  });
  return { ending, log, steps };
};

const failing = (what: string) => (): never => {
  throw new Error(`${what} fails`);
};

describe('createEnding', () => {
  describe('atOnce', () => {
    it('brings the messages to the disk before it says anything', () => {
      const { ending, steps, log } = anEnding();
      expect(ending.atOnce('unexpected error', { error: 'stack' })).toEqual({ spooled: 0, lost: 0 });
      expect(steps).toEqual(['spill', 'fatal unexpected error', 'flush', 'release']);
      expect(log.lines).toEqual([
        { level: 'fatal', message: 'unexpected error', fields: { error: 'stack', ledger: [] } },
      ]);
    });

    it('says how many messages are where', () => {
      const { ending, log } = anEnding({ spill: () => [whole] });
      expect(ending.atOnce('ended at once', {})).toEqual({ spooled: 3, lost: 0 });
      expect(log.lines.at(-1)).toEqual({
        level: 'warn',
        message: 'what was held is in the spool, for the next start',
        fields: { spooled: 3, lost: 0, files: [whole.file], missing: [] },
      });
    });

    it('says whose messages are lost, and why', () => {
      const { ending, log } = anEnding({ spill: () => [whole, half] });
      expect(ending.atOnce('ended at once', {})).toEqual({ spooled: 6, lost: 2 });
      expect(log.lines.at(-1)).toEqual({
        level: 'fatal',
        message: 'messages are lost: the spool did not take them',
        fields: {
          spooled: 6,
          lost: 2,
          files: [whole.file, half.file],
          missing: [{ stream: 'copy', cause: 'ENOSPC', messages: { b: 2 } }],
        },
      });
    });

    it('throwing callback: takes each step whatever became of the others', () => {
      const log = { ...memoryLog(), fatal: failing('log'), warn: failing('log') };
      const steps: string[] = [];
      const { ending } = anEnding({
        log,
        spill: failing('spill'),
        ledger: { rows: failing('ledger'), states: failing('ledger') },
        flush: failing('flush'),
        release: failing('release'),
        say: (text) => {
          steps.push(text);
          throw new Error('standard error is closed');
        },
      });
      expect(ending.atOnce('unexpected error', {})).toEqual({ spooled: 0, lost: 0 });
      expect(steps).toEqual(['spill', 'ledger', 'flush', 'release'].map((what) => `kahets: Error: ${what} fails\n`));
    });

    it('spills all the same where the log throws', () => {
      const spilled: string[] = [];
      const { ending } = anEnding({
        log: { ...memoryLog(), fatal: failing('log'), warn: failing('log') },
        spill: () => {
          spilled.push('spilled');
          return [whole];
        },
      });
      expect(ending.atOnce('unexpected error', {})).toEqual({ spooled: 3, lost: 0 });
      expect(spilled).toEqual(['spilled']);
    });

    it('does nothing when it happens again, nor meanwhile', () => {
      const steps: string[] = [];
      const { ending } = anEnding({
        spill: () => {
          steps.push('spill');
          ending.atOnce('meanwhile', {});
          return [whole];
        },
      });
      expect(ending.atOnce('unexpected error', {})).toEqual({ spooled: 3, lost: 0 });
      expect(ending.atOnce('again', {})).toEqual({ spooled: 3, lost: 0 });
      expect(ending.stopped(0)).toEqual({ spooled: 3, lost: 0 });
      expect(steps).toEqual(['spill']);
    });
  });

  describe('stopped', () => {
    it('ends well where nothing is held and nothing is lost', () => {
      const { ending, log, steps } = anEnding();
      expect(ending.stopped(0)).toEqual({ spooled: 0, lost: 0 });
      expect(steps).toEqual(['spill', 'flush', 'release']);
      expect(log.lines).toEqual([{ level: 'info', message: 'stopped', fields: { streams: [], ledger: [] } }]);
    });

    it('ends well where all that was held is in the spool', () => {
      const { ending, log } = anEnding({ spill: () => [whole] });
      expect(ending.stopped(0)).toEqual({ spooled: 3, lost: 0 });
      expect(log.lines.map(({ message }) => message)).toEqual([
        'what was held is in the spool, for the next start',
        'stopped',
      ]);
    });

    it.each<readonly [string, number, readonly Spilled[], number, string]>([
      ['the spool did not take', 0, [half], 2, 'messages are lost: the spool did not take them'],
      ['were dropped', 3, [], 3, 'messages are lost: no sink took them in time, nor did the spool'],
    ])('says so where messages %s', (_, lost, spilled, inAll, message) => {
      const { ending, log } = anEnding({ spill: () => spilled });
      expect(ending.stopped(lost).lost).toBe(inAll);
      expect(log.lines.map((line) => line.message)).toEqual([message, 'stopped']);
    });
  });
});
