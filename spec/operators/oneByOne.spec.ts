import { left, right } from 'fp-ts/Either';
import type { Rest } from '../../src/model';
import type { Fate } from '../../src/operators/inTurn';
import { oneByOne } from '../../src/operators/oneByOne';
import type { Part } from '../../src/operators/parts';
import { batchOf, unavailable } from '../../src/testing/builders';

const [one, two, three] = ['1', '2', '3'].map((text): Part<string> => ({
  batch: batchOf('b', [text]),
  messages: [],
})) as [Part<string>, Part<string>, Part<string>];

const poison = ({ batch }: Part<string>): Rest => ({
  batch,
  cause: { kind: 'poison', message: 'too large' },
  written: 'no',
});

/** Which parts were tried, and what became of all of them. */
const tried = async (parts: readonly Part<string>[], ...fates: readonly (readonly Fate[])[]) => {
  const seen: Part<string>[] = [];
  const told = await oneByOne(parts, (part) => {
    seen.push(part);
    return Promise.resolve(fates[seen.length - 1] ?? []);
  });
  return { seen, told };
};

describe('oneByOne', () => {
  it('never: begins none before the one before it has ended', async () => {
    const seen: Part<string>[] = [];
    void oneByOne([one, two], (part) => {
      seen.push(part);
      return new Promise(() => undefined);
    });
    await Promise.resolve();
    expect(seen).toEqual([one]);
  });

  it('empty: nothing', async () => expect(await tried([])).toEqual({ seen: [], told: [] }));

  it('one: what became of it', async () =>
    expect(await tried([one], [right(one.batch)])).toEqual({ seen: [one], told: [right(one.batch)] }));

  it('many: in order, and poison stops nothing', async () => {
    const fates = [[right(one.batch)], [left(poison(two))], [right(three.batch)]];
    expect(await tried([one, two, three], ...fates)).toEqual({ seen: [one, two, three], told: fates.flat() });
  });

  it('a failure that may pass: what is behind it is not tried, for the same reason, and surely not there', async () => {
    const rest = unavailable(one.batch, 'unknown');
    expect(await tried([one, two, three], [left(rest)])).toEqual({
      seen: [one],
      told: [left(rest), left(unavailable(two.batch)), left(unavailable(three.batch))],
    });
  });

  it('throwing callback: rejects with it', async () =>
    expect(
      oneByOne([one], () => {
        throw new Error('a defect');
      }),
    ).rejects.toThrow('a defect'));
});
