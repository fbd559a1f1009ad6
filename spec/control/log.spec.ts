import { createLog, limitRepeats } from '../../src/control/log';
import { memoryLog } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

describe('createLog', () => {
  it('writes one JSON line with level, time and message, from its level up', () => {
    const lines: string[] = [];
    const log = createLog('info', { write: (line) => lines.push(line) });
    log.debug('not written');
    log.info('listening', { path: '/tmp/x.sock' });
    log.fatal('gone');
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      { level: 'INFO', time: expect.stringMatching(/^\d{4}-.*Z$/) as string, msg: 'listening', path: '/tmp/x.sock' },
      { level: 'FATAL', time: expect.any(String) as string, msg: 'gone' },
    ]);
  });

  it('hides in messages and fields, and looks at no line that is not written', () => {
    const lines: string[] = [];
    const hide = jest.fn((text: string) => text.replaceAll('hunter2', '***'));
    const log = createLog('info', { write: (line) => lines.push(line) }, hide);
    log.debug('hunter2', { password: 'hunter2' });
    expect(hide).not.toHaveBeenCalled();
    log.warn('refused hunter2', { cause: 'bad password hunter2', rows: [{ messages: 7, name: 'hunter2' }] });
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      {
        level: 'WARN',
        time: expect.any(String) as string,
        msg: 'refused ***',
        cause: 'bad password ***',
        rows: [{ messages: 7, name: '***' }],
      },
    ]);
  });
});

describe('limitRepeats', () => {
  it('writes five of a message in a minute, then how many it did not, with the last one', () => {
    const log = memoryLog();
    marbles(({ cold, scheduler, flush }) => {
      const limited = limitRepeats(log, scheduler);
      cold('a'.repeat(100)).subscribe({ next: () => limited.warn('malformed', { at: scheduler.now() }) });
      flush();
    });
    expect(log.lines.map(({ level, message, fields }) => [level, message, fields])).toEqual([
      ...[0, 1, 2, 3, 4].map((at) => ['warn', 'malformed', { at }]),
      ['warn', 'malformed', { at: 99, suppressed: 95 }],
    ]);
  });

  it('says before the end of the minute how many it did not, when asked to', () => {
    const log = memoryLog();
    marbles(({ scheduler, flush }) => {
      const limited = limitRepeats(log, scheduler);
      for (let at = 0; at < 8; at += 1) limited.error('failed', { at });
      limited.warn('once');
      limited.tellSuppressed();
      limited.tellSuppressed();
      flush();
      // A timer that is left would keep the process.
      expect(scheduler.now()).toBe(0);
    });
    expect(log.lines.slice(5).map(({ level, message, fields }) => [level, message, fields])).toEqual([
      ['warn', 'once', {}],
      ['error', 'failed', { at: 7, suppressed: 3 }],
    ]);
  });

  it('starts anew in the next minute, and counts each message and level by itself', () => {
    const log = memoryLog();
    marbles(({ cold, scheduler, flush }) => {
      const limited = limitRepeats(log, scheduler);
      cold('a 60s a 60s |').subscribe(() => {
        limited.warn('one');
        limited.error('one');
        limited.error('two');
      });
      flush();
    });
    expect(log.lines.map(({ level, message }) => `${level} ${message}`)).toEqual([
      'warn one',
      'error one',
      'error two',
      'warn one',
      'error one',
      'error two',
    ]);
  });

  it('leaves information alone', () => {
    const log = memoryLog();
    const limited = limitRepeats(log);
    for (let i = 0; i < 10; i++) limited.info('listening');
    expect(log.lines).toHaveLength(10);
  });
});
