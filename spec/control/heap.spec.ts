import { setImmediate as nextTurn } from 'node:timers/promises';
import { growingPercent, tuneHeap } from '../../src/control/heap';

/** Whether something that nobody refers to is collected by `act`. */
const collects = async (act: () => void): Promise<boolean> => {
  const garbage = new WeakRef({});
  // A WeakRef keeps what it refers to until the turn ends.
  await nextTurn();
  act();
  return garbage.deref() === undefined;
};

const MB = 1024 * 1024;
const marks = { limit: 75 * MB, max: 100 * MB };

describe('growingPercent', () => {
  it.each([
    [100, 10, 200, 'a small heap may grow to three times its size'],
    [30, 10, 150, 'into half of the room'],
    [30, 60, 25, 'a large one by less'],
    [60, 40, 75, 'in steps of 25'],
    [0, 10, 25, 'by a quarter where there is no room'],
    [-20, 10, 25, 'or less than none'],
  ])('with room for %i MB a heap of %i MB may grow by %i %%: %s', (room, heap, percent) => {
    expect(growingPercent(room * MB, heap * MB)).toBe(percent);
  });
});

/** A heap of which each collection frees a part: it is asked before and after. */
const frees = (part: number) => {
  const sizes = [100, 100 * (1 - part)];
  let asked = 0;
  return (): number => sizes[asked++ % 2] ?? 0;
};

describe('tuneHeap', () => {
  afterEach(() => tuneHeap(() => 0, marks)(0));

  it('collects garbage at the limit, and only there', async () => {
    const relieve = tuneHeap(() => 0, marks);
    expect(await collects(() => relieve(0.99))).toBe(false);
    expect(await collects(() => relieve(1))).toBe(true);
  });

  it.each([
    [1, 45, 'a tenth of the time'],
    [1.1, 12, 'more above it'],
    [1.2, 5, 'half of it at a fifth more than the limit'],
    [2, 5, 'and no more than that'],
  ])('at %f of the limit waits %i times 1 ms after a collection of 5 ms: %s', async (part, pauseMs) => {
    let nowMs = 1000;
    let stepMs = 5;
    const relieve = tuneHeap(() => (nowMs += stepMs), marks, frees(0.5));
    expect(await collects(() => relieve(part))).toBe(true);
    stepMs = 0;
    nowMs += pauseMs - 1;
    expect(await collects(() => relieve(part))).toBe(false);
    nowMs += 1;
    expect(await collects(() => relieve(part))).toBe(true);
  });

  it.each([
    ['twice as long each time that it frees little', 1, 0.05, [90, 180, 360, 360]],
    ['no longer where it frees a tenth', 1, 0.1, [45, 45]],
    ['no longer at a fifth more than the limit, whatever it frees', 1.2, 0, [5, 5]],
  ])('waits %s', async (_, part, freed, pauses) => {
    let nowMs = 1000;
    let stepMs = 5;
    const relieve = tuneHeap(() => (nowMs += stepMs), marks, frees(freed));
    relieve(part);
    for (const pauseMs of pauses) {
      stepMs = 0;
      nowMs += pauseMs - 1;
      expect(await collects(() => relieve(part))).toBe(false);
      nowMs += 1;
      stepMs = 5;
      expect(await collects(() => relieve(part))).toBe(true);
    }
  });
});
