import { setImmediate as nextTurn } from 'node:timers/promises';
import { tuneHeap } from '../../src/control/heap';

/** Whether something that nobody refers to is collected by `act`. */
const collects = async (act: () => void): Promise<boolean> => {
  const garbage = new WeakRef({});
  // A WeakRef keeps what it refers to until the turn ends.
  await nextTurn();
  act();
  return garbage.deref() === undefined;
};

describe('tuneHeap', () => {
  afterEach(() => tuneHeap(() => 0)(false));

  it('collects garbage while memory is short, and only then', async () => {
    const relieve = tuneHeap(() => 0);
    expect(await collects(() => relieve(false))).toBe(false);
    expect(await collects(() => relieve(true))).toBe(true);
  });

  it('does so for a tenth of the time', async () => {
    let nowMs = 1000;
    const relieve = tuneHeap(() => (nowMs += 5));
    expect(await collects(() => relieve(true))).toBe(true);
    nowMs += 34;
    expect(await collects(() => relieve(true))).toBe(false);
    nowMs += 1;
    expect(await collects(() => relieve(true))).toBe(true);
  });
});
