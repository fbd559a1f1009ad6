import { createEntryQueue, type Entry } from '../../../src/sinks/file/queue';
import { batchOf } from '../../../src/testing/builders';

const entry = (text: string): Entry => ({
  batch: batchOf('b', [text]),
  bytes: 10,
  succeed: () => undefined,
  fail: () => undefined,
});

describe('createEntryQueue', () => {
  it('gives nothing when it has nothing', () => {
    const queue = createEntryQueue();
    expect([queue.size(), queue.take(Infinity)]).toEqual([0, []]);
  });

  it('gives the first ones, at least one, until they have the bytes', () => {
    const [a, b, c] = [entry('a'), entry('b'), entry('c')];
    const queue = createEntryQueue();
    [a, b, c].forEach(queue.push);
    expect(queue.take(1)).toEqual([a]);
    expect(queue.take(a.bytes + 1)).toEqual([b, c]);
    expect(queue.size()).toBe(0);
  });

  it('gives none where there is no room', () => {
    const queue = createEntryQueue();
    queue.push(entry('a'));
    expect(queue.take(0)).toEqual([]);
  });

  it('takes out what is there, once', () => {
    const [a, b] = [entry('a'), entry('b')];
    const queue = createEntryQueue();
    [a, b].forEach(queue.push);
    expect([queue.remove(a), queue.remove(a)]).toEqual([true, false]);
    expect(queue.take(Infinity)).toEqual([b]);
  });

  it('puts back before what came meanwhile', () => {
    const [a, b, c] = [entry('a'), entry('b'), entry('c')];
    const queue = createEntryQueue();
    [a, b].forEach(queue.push);
    const taken = queue.take(Infinity);
    queue.push(c);
    queue.putBack(taken);
    expect(queue.take(Infinity)).toEqual([a, b, c]);
  });
});
