import { expectKnown, firstLineOf, positive } from '../../bench/command';
import { middleBy, minToMax } from '../../bench/figures';
import { inTurn } from '../../bench/inTurn';
import { paced } from '../../bench/paced';

describe('inTurn', () => {
  it('measures nothing of nobody', async () => {
    await expect(inTurn([], 3, () => Promise.resolve(1))).resolves.toEqual([]);
  });

  it('measures every one in turn, again and again', async () => {
    const order: string[] = [];
    const measured = await inTurn(['a', 'b'], 2, (one) => Promise.resolve(order.push(one)));
    expect(order).toEqual(['a', 'b', 'a', 'b']);
    expect(measured).toEqual([
      { one: 'a', runs: [1, 3], missing: undefined },
      { one: 'b', runs: [2, 4], missing: undefined },
    ]);
  });

  it('keeps the runs of one that fails, says why, and measures it no more', async () => {
    let calls = 0;
    const measure = (one: string): Promise<number> => {
      calls += 1;
      return one === 'a' && calls > 1 ? Promise.reject(new Error('it hangs\nat line 3')) : Promise.resolve(calls);
    };
    expect(await inTurn(['a', 'b'], 3, measure)).toEqual([
      { one: 'a', runs: [1], missing: 'failed: it hangs' },
      { one: 'b', runs: [2, 4, 5], missing: undefined },
    ]);
  });

  it('does not try one that is not here', async () => {
    const missing = (one: string): string | undefined => (one === 'a' ? 'not installed' : undefined);
    expect(await inTurn(['a', 'b'], 1, (one) => Promise.resolve(one), missing)).toEqual([
      { one: 'a', runs: [], missing: 'not installed' },
      { one: 'b', runs: ['b'], missing: undefined },
    ]);
  });
});

describe('paced', () => {
  it('calls for each once, in order, no faster than told', async () => {
    const calls: number[] = [];
    const started = performance.now();
    await paced(20, 400, (i) => Promise.resolve(void calls.push(i)));
    expect(calls).toEqual(Array.from({ length: 20 }, (_, i) => i));
    expect(performance.now() - started).toBeGreaterThanOrEqual(50);
  });

  it('rejects when a call does', async () => {
    await expect(paced(1, 1000, () => Promise.reject(new Error('closed')))).rejects.toThrow('closed');
  });
});

describe('figures of several runs', () => {
  it('has none in the middle of none', () => expect(middleBy([], Number)).toBeUndefined());
  it('takes the lower one of an even number', () => expect(middleBy([4, 1, 3, 2], Number)).toBe(2));
  it('leaves the runs in their order', () => {
    const runs = [3, 1, 2];
    middleBy(runs, Number);
    expect(runs).toEqual([3, 1, 2]);
  });
  it('shows the least and the most', () => expect(minToMax([2, 1, 3], (value) => value.toFixed(1))).toBe('1.0 to 3.0'));
});

describe('options of the commands', () => {
  it.each(['0', '-1', 'many', 'Infinity', 'NaN'])('takes no %s for a number of runs', (text) =>
    expect(() => positive('runs', text)).toThrow(`--runs: expected a number above 0, got ${text}`),
  );
  it('takes a number', () => expect(positive('scale', '0.1')).toBe(0.1));
  it('names what is known where something else is asked for', () =>
    expect(() => expectKnown(['bulk', 'bluk'], ['bulk', 'single'])).toThrow('expected bulk, single; got bluk'));
  it('takes what is known', () => expect(() => expectKnown(['bulk'], ['bulk', 'single'])).not.toThrow());
});

describe('an error in a cell', () => {
  it('is its first line', () => expect(firstLineOf(new Error('one\ntwo'))).toBe('one'));
  it('is what was thrown where that is no error', () => expect(firstLineOf('odd')).toBe('odd'));
});
