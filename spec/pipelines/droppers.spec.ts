import { createHeld } from '../../src/control/held';
import { createDroppers } from '../../src/pipelines/droppers';

describe('createDroppers', () => {
  it('lets those be read that drop, and new ones until a quarter more is held', () => {
    const held = createHeld({ high: 1000, low: 500 });
    const droppers = createDroppers(held, 1000);
    droppers.mark(1, true);
    droppers.mark(2, false);
    held.charge(1249);
    expect([1, 2, 3].map((connection) => droppers.mayRead(connection))).toEqual([true, false, true]);
    expect([1, 2, 3].map((connection) => droppers.drops(connection))).toEqual([true, false, false]);
    held.charge(1);
    expect([1, 2, 3].map((connection) => droppers.mayRead(connection))).toEqual([true, false, false]);
  });

  it('goes by what came last, and forgets', () => {
    const droppers = createDroppers(createHeld({ high: 1000, low: 500 }), 1000);
    droppers.mark(1, true);
    droppers.mark(1, false);
    expect(droppers.mayRead(1)).toBe(false);
    droppers.forget(1);
    expect(droppers.mayRead(1)).toBe(true);
  });
});
