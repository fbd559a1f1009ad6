import { createUnsettled } from '../../src/control/unsettled';
import { batchOf, frames } from '../../src/testing/builders';

describe('createUnsettled', () => {
  it('never: knows of nothing', () => {
    const { gathered, written } = createUnsettled();
    expect([[...gathered()], [...written()]]).toEqual([[], []]);
  });

  it('asks open batches for what they have gathered when it matters, until they are forgotten', () => {
    const { unsettled, gathered } = createUnsettled();
    const runs = [frames('a', ['1'])];
    const forget = unsettled.gathering(() => runs);
    unsettled.gathering(() => [frames('b', ['x'])]);
    runs.push(frames('a', ['2', '3']));
    expect([...gathered()].map(({ bucket, count }) => [bucket, count])).toEqual([
      ['a', 1],
      ['a', 2],
      ['b', 1],
    ]);
    forget();
    forget();
    expect([...gathered()].map(({ bucket }) => bucket)).toEqual(['b']);
  });

  it('keeps batches in the order of their writes, and forgets each stream alone', () => {
    const { unsettled, written } = createUnsettled();
    const [first, second] = [batchOf('b', ['1']), batchOf('b', ['2'])];
    const forget = unsettled.writing('kafka', first);
    unsettled.writing('copy', first);
    unsettled.writing('kafka', second);
    expect([...written()].map(({ stream, batch }) => [stream, batch])).toEqual([
      ['kafka', first],
      ['copy', first],
      ['kafka', second],
    ]);
    forget();
    expect([...written()].map(({ stream, batch }) => [stream, batch])).toEqual([
      ['copy', first],
      ['kafka', second],
    ]);
  });

  it('shows what is left of a batch that a stream has settled in part, in its place, until it is forgotten', () => {
    const { unsettled, written } = createUnsettled();
    const [first, second] = [batchOf('b', ['1', '2', '3']), batchOf('b', ['4'])];
    const [one, three] = [batchOf('b', ['1']), batchOf('b', ['3'])];
    const forget = unsettled.writing('kafka', first);
    unsettled.writing('copy', first);
    unsettled.writing('kafka', second);
    const seen = () => [...written()].map(({ stream, batch }) => [stream, batch]);
    unsettled.left('kafka', first, [one, three]);
    expect(seen()).toEqual([
      ['kafka', one],
      ['kafka', three],
      ['copy', first],
      ['kafka', second],
    ]);
    unsettled.left('kafka', first, []);
    unsettled.left('copy', first, [three]);
    expect(seen()).toEqual([
      ['copy', three],
      ['kafka', second],
    ]);
    forget();
    expect(seen()).toEqual([
      ['copy', three],
      ['kafka', second],
    ]);
  });
});
