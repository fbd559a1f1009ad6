import { createSlots } from '../../src/control/slots';

describe('createSlots', () => {
  it('runs at most size tasks at once, the others in order', async () => {
    const slots = createSlots(2);
    const started: number[] = [];
    const finish: (() => void)[] = [];
    const task = (n: number) => () =>
      new Promise<number>((resolve) => {
        started.push(n);
        finish.push(() => resolve(n));
      });
    const results = [1, 2, 3, 4].map((n) => slots.run(task(n)));
    expect(started).toEqual([1, 2]);
    finish[1]?.();
    await results[1];
    await Promise.resolve();
    expect(started).toEqual([1, 2, 3]);
    finish[0]?.();
    finish[2]?.();
    await Promise.all([results[0], results[2]]);
    expect(started).toEqual([1, 2, 3, 4]);
    finish[3]?.();
    expect(await Promise.all(results)).toEqual([1, 2, 3, 4]);
  });

  it('frees the slot of a task that fails or throws', async () => {
    const slots = createSlots(1);
    await expect(slots.run(() => Promise.reject(new Error('failed')))).rejects.toThrow('failed');
    await expect(
      slots.run(() => {
        throw new Error('threw');
      }),
    ).rejects.toThrow('threw');
    expect(await slots.run(() => Promise.resolve(1))).toBe(1);
  });
});
