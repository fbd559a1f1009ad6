import { between, randomFrom } from './random';

describe('numbers from a seed', () => {
  const some = (seed: number): readonly number[] => Array.from({ length: 1000 }, randomFrom(seed));

  it('are the same for the same seed, and others for another', () => {
    expect(some(7)).toEqual(some(7));
    expect(some(8)).not.toEqual(some(7));
  });

  it('are at least 0, below 1, and all over', () => {
    const numbers = some(1);
    expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...numbers)).toBeLessThan(1);
    expect(new Set(numbers.map((each) => Math.floor(each * 10))).size).toBe(10);
  });

  it('gives whole numbers, both ends included', () => {
    const random = randomFrom(3);
    expect(new Set(Array.from({ length: 200 }, () => between(random, 2, 4)))).toEqual(new Set([2, 3, 4]));
  });
});
