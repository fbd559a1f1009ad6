import { VirtualTimeScheduler } from 'rxjs';
import { createHeld, memoryMarks, MIN_MEMORY_BYTES } from '../../src/control/held';
import type { Held } from '../../src/model';

const MB = 1024 * 1024;

describe('memoryMarks', () => {
  it('takes 40 % of what the process leaves, and half of that', () => {
    expect(memoryMarks(250 * MB)).toMatchObject({ high: 64 * MB, low: 32 * MB });
  });

  it('counts less than the minimum as the minimum', () => {
    expect(memoryMarks(1)).toEqual(memoryMarks(MIN_MEMORY_BYTES));
  });

  it('lets more buckets be open the more memory there is, up to ten thousand', () => {
    const [least, some, most] = [160 * MB, 250 * MB, 4096 * MB].map((bytes) => memoryMarks(bytes).maxBuckets);
    expect([least, some, most]).toEqual([1792, 4096, 10_000]);
  });
});

describe('createHeld', () => {
  it('is full from the high mark until down at the low mark', () => {
    const held = createHeld({ high: 10, low: 5 });
    const seen: [number, boolean][] = [];
    held.full$.subscribe((full) => seen.push([held.bytes, full]));
    held.charge(9);
    held.charge(1);
    held.charge(5);
    held.release(9);
    held.release(1);
    held.charge(4);
    expect(seen).toEqual([
      [0, false],
      [10, true],
      [5, false],
    ]);
    expect(held.bytes).toBe(9);
  });

  it('tells a late subscriber the present state', () => {
    const held = createHeld({ high: 10, low: 5 });
    held.charge(10);
    const seen: boolean[] = [];
    held.full$.subscribe((full) => seen.push(full));
    expect(seen).toEqual([true]);
  });

  describe('that looks at the process', () => {
    const setUp = (): { held: Held; seen: boolean[]; told: number[]; grow: (bytes: number) => void } => {
      const told: number[] = [];
      let rss = 0;
      const held = createHeld({
        high: 320,
        low: 160,
        process: {
          memory: () => rss,
          limit: 1000,
          relieve: (part) => told.push(part),
          scheduler: new VirtualTimeScheduler(),
        },
      });
      const seen: boolean[] = [];
      held.full$.subscribe((full) => seen.push(full));
      return { held, seen, told, grow: (bytes) => (rss += bytes) };
    };

    it('does so each time that a thirty-second part of the mark has come or gone', () => {
      const { held, told } = setUp();
      held.charge(9);
      expect(told).toEqual([]);
      held.charge(1);
      held.charge(9);
      expect(told).toEqual([0]);
      held.charge(1);
      expect(told).toEqual([0, 0]);
      held.release(20);
      expect(told).toEqual([0, 0, 0]);
    });

    it('halves both marks while it is at its limit', () => {
      const { held, seen, told, grow } = setUp();
      held.charge(150);
      grow(1000);
      held.charge(9);
      expect(seen).toEqual([false]);
      held.charge(1);
      expect(seen).toEqual([false, true]);
      held.release(79);
      expect(seen).toEqual([false, true]);
      held.release(1);
      expect(seen).toEqual([false, true, false]);
      grow(-150);
      held.charge(239);
      expect(seen).toEqual([false, true, false]);
      held.charge(1);
      expect(seen).toEqual([false, true, false, true]);
      expect(told).toEqual([0, 1, 1, 0.85]);
    });

    it.each([
      [850, 320],
      [900, 267],
      [925, 240],
      [975, 187],
      [2000, 160],
    ])('lowers the marks the nearer it is: at %i of 1000 the high one is %i', (rss, high) => {
      const { held, seen, grow } = setUp();
      grow(rss);
      // A look.
      held.charge(100);
      held.charge(high - 101);
      expect(seen).toEqual([false]);
      held.charge(1);
      expect(seen).toEqual([false, true]);
    });

    it('asks for the size once a look, and again only after garbage was collected', () => {
      const memory = jest.fn(() => 999);
      const held = createHeld({ high: 320, low: 160, process: { memory, limit: 1000, relieve: () => undefined } });
      held.charge(10);
      expect(memory).toHaveBeenCalledTimes(1);
      memory.mockReturnValue(1000);
      held.charge(10);
      expect(memory).toHaveBeenCalledTimes(3);
    });

    it('does so twice a second while it is full', () => {
      const told: number[] = [];
      const scheduler = new VirtualTimeScheduler();
      const relieve = (part: number): number => told.push(part);
      const held = createHeld({
        ...{ high: 320, low: 160 },
        process: { memory: () => 1000 * told.length, limit: 1000, relieve, scheduler },
      });
      scheduler.schedule(() => held.charge(320), 100);
      scheduler.schedule(() => held.release(320), 1700);
      const seen: [number, number][] = [];
      for (const ms of [599, 601, 1101, 1699]) scheduler.schedule(() => seen.push([ms, told.length]), ms);
      scheduler.flush();
      expect(seen).toEqual([
        [599, 1],
        [601, 2],
        [1101, 3],
        [1699, 4],
      ]);
      // No more once it is not: the last one is of what was released.
      expect(told.length).toBe(5);
    });

    it('has room again where the process has shrunk while nothing was settled', () => {
      let rss = 1000;
      const scheduler = new VirtualTimeScheduler(undefined, 2000);
      const process = { memory: () => rss, limit: 1000, relieve: () => undefined, scheduler };
      const held = createHeld({ high: 320, low: 160, process });
      const seen: [number, boolean][] = [];
      held.full$.subscribe((full) => seen.push([scheduler.now(), full]));
      held.charge(170);
      held.release(20);
      scheduler.schedule(() => (rss = 0), 600);
      scheduler.flush();
      expect(seen).toEqual([
        [0, false],
        [0, true],
        [1000, false],
      ]);
    });

    it('goes by what is left when garbage is collected', () => {
      let rss = 1000;
      const held = createHeld({
        high: 320,
        low: 160,
        process: { memory: () => rss, limit: 1000, relieve: (part) => (rss -= part >= 1 ? 500 : 0) },
      });
      const seen: boolean[] = [];
      held.full$.subscribe((full) => seen.push(full));
      held.charge(319);
      expect(seen).toEqual([false]);
    });
  });
});
