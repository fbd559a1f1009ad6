import { VirtualTimeScheduler } from 'rxjs';
import { backoffMs, createTimers } from '../../../src/sinks/kafka/timers';

describe('createTimers', () => {
  const run = (use: (timers: ReturnType<typeof createTimers>, did: (what: string) => () => void) => void) => {
    const scheduler = new VirtualTimeScheduler();
    const done: string[] = [];
    use(createTimers(scheduler), (what) => () => done.push(`${what} at ${scheduler.frame}`));
    scheduler.flush();
    return done;
  };

  it('runs work when its time has come', () => {
    const done = run((timers, did) => {
      timers.after(20, did('late'));
      timers.after(10, did('early'));
    });
    expect(done).toEqual(['early at 10', 'late at 20']);
  });

  it('runs nothing that was cancelled, before or after', () => {
    const done = run((timers, did) => {
      timers.after(10, did('cancelled'))();
      const cancel = timers.after(5, did('ran'));
      timers.after(7, () => cancel());
    });
    expect(done).toEqual(['ran at 5']);
  });

  it('runs nothing once closed', () => {
    const done = run((timers, did) => {
      timers.after(10, did('before'));
      timers.close();
      timers.after(10, did('after'))();
    });
    expect(done).toEqual([]);
  });
});

describe('backoffMs', () => {
  it.each([
    [1, 100],
    [2, 200],
    [4, 800],
    [5, 1000],
    [1000, 1000],
  ])('after %d failures is %d ms', (failures, ms) => {
    expect(backoffMs({ firstMs: 100, maxMs: 1000, random: () => 0.5 }, failures)).toBe(ms);
  });

  it('is up to 20 % more or less', () => {
    expect(backoffMs({ firstMs: 100, maxMs: 1000, random: () => 0 }, 1)).toBe(80);
    expect(backoffMs({ firstMs: 100, maxMs: 1000, random: () => 1 }, 1)).toBeCloseTo(120);
  });

  it('is never nothing', () => {
    expect(backoffMs({ firstMs: 0, maxMs: 0, random: () => 0.5 }, 1)).toBe(10);
  });
});
