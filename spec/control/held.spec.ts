import { createHeld, memoryMarks, MIN_MEMORY_BYTES } from '../../src/control/held';

const MB = 1024 * 1024;

describe('memoryMarks', () => {
  it('takes 40 % of what the process leaves, and half of that', () => {
    expect(memoryMarks(250 * MB)).toEqual({ high: 64 * MB, low: 32 * MB });
  });

  it('counts less than the minimum as the minimum', () => {
    expect(memoryMarks(1)).toEqual(memoryMarks(MIN_MEMORY_BYTES));
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
});
