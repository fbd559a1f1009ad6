import { createRecentLines } from '../../../src/control/status/recentLines';
import { memoryLog } from '../../../src/testing/builders';

const hide = (text: string): string => text.replaceAll('hunter2', '***');

describe('createRecentLines', () => {
  it('remembers nothing at first', () => expect(createRecentLines(hide, () => 1).lines()).toEqual([]));

  it('passes every line on, and remembers warnings and errors, the latest first', () => {
    const inner = memoryLog();
    let now = 0;
    const recent = createRecentLines(hide, () => (now += 1));
    const log = recent.log(inner);
    log.trace('t');
    log.debug('d');
    log.info('i');
    log.warn('w', { stream: 's' });
    log.error('e');
    log.fatal('f');
    expect(inner.lines.map(({ level }) => level)).toEqual(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);
    expect(recent.lines()).toEqual([
      { number: 3, atMs: 3, level: 'fatal', message: 'f', fields: {} },
      { number: 2, atMs: 2, level: 'error', message: 'e', fields: {} },
      { number: 1, atMs: 1, level: 'warn', message: 'w', fields: { stream: 's' } },
    ]);
  });

  it('shows no secret, and only the start of a long text', () => {
    const recent = createRecentLines(hide, () => 1);
    recent.log(memoryLog()).warn('a hunter2', { cause: { password: 'hunter2' }, long: 'x'.repeat(501) });
    expect(recent.lines()).toEqual([
      {
        ...{ number: 1, atMs: 1, level: 'warn', message: 'a ***' },
        fields: { cause: { password: '***' }, long: `${'x'.repeat(500)}…` },
      },
    ]);
  });

  it('forgets the oldest beyond 50', () => {
    const recent = createRecentLines(hide, () => 1);
    const log = recent.log(memoryLog());
    for (let n = 0; n < 60; n += 1) log.warn(`line ${n}`);
    expect(recent.lines()).toHaveLength(50);
    expect(recent.lines()[0]?.message).toBe('line 59');
    expect(recent.lines().at(-1)?.message).toBe('line 10');
  });
});
