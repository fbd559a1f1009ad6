import { setImmediate as nextTurn } from 'node:timers/promises';
import { left, right } from 'fp-ts/Either';
import type { Batch } from '../../src/model';
import { halvePoison } from '../../src/operators/halvePoison';
import type { Fate } from '../../src/operators/inTurn';
import { wholeOf, type Part } from '../../src/operators/parts';
import { batchOf, messagesOf, unavailable } from '../../src/testing/builders';

const partOf = (...messages: readonly string[]): Part<string> =>
  wholeOf(batchOf('b', messages), ({ bytes }) => bytes.toString('latin1'));

const taken = ({ batch }: Part<string>): Fate => right(batch);

const poison = ({ batch }: Part<string>): Fate =>
  left({ batch, cause: { kind: 'poison', message: 'too large' }, written: 'no' });

/** `taken 1 2`, so that it is seen of which messages a fate is. */
const textOf = (fate: Fate): string => {
  const [said, batch]: readonly [string, Batch] =
    fate._tag === 'Right' ? ['taken', fate.right] : [fate.left.cause.kind, fate.left.batch];
  return [said, ...messagesOf(batch)].join(' ');
};

/** Which messages were tried together, and what became of all of them. */
const halved = async (part: Part<string>, write: (part: Part<string>) => readonly Fate[]) => {
  const tried: string[] = [];
  const fates = await halvePoison<string>((some) => {
    tried.push(messagesOf(some.batch).join(' '));
    return Promise.resolve(write(some));
  })(part);
  return { tried, fates: fates.map(textOf) };
};

/** A place that takes no request with one of these messages in it. */
const refusing =
  (...bad: readonly string[]) =>
  (part: Part<string>): readonly Fate[] => [
    messagesOf(part.batch).some((message) => bad.includes(message)) ? poison(part) : taken(part),
  ];

describe('halvePoison', () => {
  it('never: a write that does not end is the only one', async () => {
    let writes = 0;
    void halvePoison<string>(() => {
      writes += 1;
      return new Promise(() => undefined);
    })(partOf('1', '2'));
    await nextTurn();
    expect(writes).toBe(1);
  });

  it('empty: nothing is halved', async () =>
    expect(await halved(partOf(), (part) => [poison(part)])).toEqual({ tried: [''], fates: ['poison'] }));

  it('one: what is poison alone is poison', async () =>
    expect(await halved(partOf('1'), refusing('1'))).toEqual({ tried: ['1'], fates: ['poison 1'] }));

  it('many: what is taken is written once', async () =>
    expect(await halved(partOf('1', '2', '3'), refusing())).toEqual({ tried: ['1 2 3'], fates: ['taken 1 2 3'] }));

  it('many: halves in order, until what is meant stands alone', async () =>
    expect(await halved(partOf('1', '2', '3', '4', '5'), refusing('3', '5'))).toEqual({
      tried: ['1 2 3 4 5', '1 2 3', '1 2', '3', '4 5', '4', '5'],
      fates: ['taken 1 2', 'poison 3', 'taken 4', 'poison 5'],
    }));

  it('many: a place that has told the poison from the rest is not asked again', async () => {
    const [first, second] = [partOf('1'), partOf('2')];
    expect(await halved(partOf('1', '2'), () => [poison(first), poison(second)])).toEqual({
      tried: ['1 2'],
      fates: ['poison 1', 'poison 2'],
    });
  });

  it('a failure that may pass: is not halved, and ends the halves behind it', async () => {
    const write = (part: Part<string>): readonly Fate[] =>
      part.messages.length > 2 ? [poison(part)] : [left(unavailable(part.batch))];
    expect(await halved(partOf('1', '2', '3'), write)).toEqual({
      tried: ['1 2 3', '1 2'],
      fates: ['unavailable 1 2', 'unavailable 3'],
    });
  });

  it('throwing callback: rejects with it', async () =>
    expect(
      halvePoison<string>(() => {
        throw new Error('a defect');
      })(partOf('1')),
    ).rejects.toThrow('a defect'));
});
