import { Allowance } from '../../../../src/control/http/messages/allowance';

const allowing = (perSecond: number, charactersPerSecond = 1_000_000) => {
  let nowMs = 0;
  const allowance = new Allowance({ perSecond, charactersPerSecond, nowMs: () => nowMs });
  return {
    /** How many messages come through. */
    takeAll: (characters = 1): number => {
      let taken = 0;
      for (; allowance.isLeft; taken += 1) allowance.take(characters);
      return taken;
    },
    wait: (ms: number): void => void (nowMs += ms),
  };
};

describe('Allowance', () => {
  it('lets so many through at once, then as many a second', () => {
    const { takeAll, wait } = allowing(10);
    expect(takeAll()).toBe(10);
    expect(takeAll()).toBe(0);
    wait(250);
    expect(takeAll()).toBe(2);
    wait(50);
    expect(takeAll()).toBe(1);
  });

  it('saves up no more than those of a second', () => {
    const { takeAll, wait } = allowing(10);
    wait(3_600_000);
    expect(takeAll()).toBe(10);
  });

  it('counts how long they are, and waits after one that is too long', () => {
    const { takeAll, wait } = allowing(1_000, 100);
    expect(takeAll(60)).toBe(2);
    wait(200);
    expect(takeAll(60)).toBe(0);
    wait(10);
    expect(takeAll(60)).toBe(1);
  });
});
