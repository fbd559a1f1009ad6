import { VirtualTimeScheduler } from 'rxjs';
import { backoffMs, createTimers, pause, reconnectMs, within } from '../../../src/sinks/kafka/timers';

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

describe('reconnectMs', () => {
  it.each([
    [0, 0, 0],
    [0, 0.99, 99],
    [1, 0.5, 100],
    [3, 0.5, 400],
    [3, 0, 320],
    [20, 0.5, 10_000],
  ])('after %d failures and a draw of %d is %d ms', (failures, draw, ms) => {
    expect(reconnectMs({ firstMs: 100, maxMs: 10_000, random: () => draw }, failures)).toBe(ms);
  });
});

describe('pause and within', () => {
  const waited = async (use: (timers: ReturnType<typeof createTimers>) => Promise<unknown>) => {
    const scheduler = new VirtualTimeScheduler();
    const waiting = use(createTimers(scheduler));
    await new Promise(setImmediate);
    scheduler.flush();
    return [await waiting, scheduler.frame];
  };

  it('pause ends when its time has come', async () => {
    expect(await waited((timers) => pause(timers, 20))).toEqual([undefined, 20]);
  });

  it('within gives what came in time, and stops its timer', async () => {
    expect(await waited((timers) => within(timers, 20, Promise.resolve('in time')))).toEqual(['in time', 0]);
  });

  it('within gives nothing where it would take longer', async () => {
    expect(await waited((timers) => within(timers, 20, pause(timers, 30)))).toEqual([undefined, 30]);
  });

  it('within fails as the work does', async () => {
    const timers = createTimers(new VirtualTimeScheduler());
    await expect(within(timers, 20, Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
