import { VirtualTimeScheduler } from 'rxjs';
import type { Health } from '../../../src/model';
import { createHealth } from '../../../src/sinks/file/health';

const UP: Health = { state: 'up' };
const down = (cause: string): Health => ({ state: 'down', cause });

/** A probe that ends when it is told to, and what health$ said. */
const watched = () => {
  const scheduler = new VirtualTimeScheduler();
  let answer: (error?: Error) => void = () => undefined;
  let probes = 0;
  const health = createHealth(() => {
    probes += 1;
    return new Promise((resolve, reject) => {
      answer = (error) => (error ? reject(error) : resolve());
    });
  }, scheduler);
  const said: Health[] = [];
  health.health$.subscribe((state) => said.push(state));
  return {
    ...{ scheduler, health, said },
    probes: () => probes,
    answer: async (error?: Error) => {
      answer(error);
      await Promise.resolve();
    },
  };
};

describe('createHealth', () => {
  it('is up, and probes nothing', () => {
    const { scheduler, health, said, probes } = watched();
    health.attempted();
    scheduler.flush();
    expect([said, probes()]).toEqual([[UP], 0]);
  });

  it('is down after a failed attempt until one goes well', () => {
    const { scheduler, health, said, probes } = watched();
    health.attempted('full');
    health.attempted('full');
    health.attempted();
    scheduler.flush();
    expect([said, probes()]).toEqual([[UP, down('full'), UP], 0]);
  });

  it('probes a second after it went down, and again until that goes well', async () => {
    const { scheduler, health, said, answer } = watched();
    health.attempted('full');
    scheduler.flush();
    expect(scheduler.now()).toBe(1000);
    await answer(new Error('still full'));
    scheduler.flush();
    await answer();
    scheduler.flush();
    expect(scheduler.now()).toBe(2000);
    expect(said).toEqual([UP, down('full'), down('still full'), UP]);
  });

  it('believes a batch that was tried during a probe, not the probe', async () => {
    const { scheduler, health, said, answer, probes } = watched();
    health.attempted('full');
    scheduler.flush();
    health.attempted('fuller');
    await answer();
    expect(said).toEqual([UP, down('full'), down('fuller')]);
    scheduler.flush();
    expect(probes()).toBe(2);
  });

  it('probes no more once it is closed', () => {
    const { scheduler, health, probes } = watched();
    health.attempted('full');
    health.close();
    scheduler.flush();
    expect(probes()).toBe(0);
  });

  it('probes no more once it is closed during a probe, or an attempt fails after that', async () => {
    const { scheduler, health, probes, answer } = watched();
    health.attempted('full');
    scheduler.flush();
    health.close();
    await answer(new Error('still full'));
    health.attempted('full');
    expect(scheduler.actions).toEqual([]);
    expect(probes()).toBe(1);
  });
});
