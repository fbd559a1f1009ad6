import { createHeld } from '../../src/control/held';
import { footprint, overhead } from '../../src/operators/footprint';
import { batchOf } from '../support/builders';

const held = (): ReturnType<typeof createHeld> => createHeld({ high: 1e9, low: 1e8 });

describe('overhead', () => {
  it('charges every run, and a batch with its first run', () => {
    const memory = held();
    const weight = overhead(memory, [{}]);
    weight.run();
    const first = memory.bytes;
    weight.run();
    const second = memory.bytes - first;
    weight.batch();
    expect(memory.bytes).toBe(first + second);
    expect(first).toBeGreaterThan(second);
    weight.run();
    expect(memory.bytes).toBe(2 * first + second);
  });

  it('charges a batch for each of its streams, and for a backup more than for a stream', () => {
    const [one, two, three, withBackup] = [[{}], [{}, {}], [{}, {}, {}], [{ hasBackup: true }]].map((streams) => {
      const memory = held();
      overhead(memory, streams).run();
      return memory.bytes;
    });
    expect(Number(two)).toBeGreaterThan(Number(one));
    expect(Number(three) - Number(two)).toBe(Number(two) - Number(one));
    expect(Number(withBackup)).toBeGreaterThan(Number(two));
  });

  it('gives all of it back, whatever the batches and their order', () => {
    const memory = held();
    const weight = overhead(memory, [{}, {}, { hasBackup: true }]);
    const batches = [batchOf('b', ['1', '2']), batchOf('b', ['3'])];
    for (const batch of batches) {
      batch.frames.forEach(() => weight.run());
      weight.batch();
    }
    for (const batch of [...batches].reverse()) weight.settled(batch);
    expect(memory.bytes).toBe(0);
  });
});

describe('footprint', () => {
  it('is what one stream with a backup charges, and the bytes', () => {
    const memory = held();
    const weight = overhead(memory, [{ hasBackup: true }]);
    const batch = batchOf('b', ['1', '2', '3']);
    batch.frames.forEach(() => weight.run());
    expect(footprint(batch)).toBe(batch.bytes + memory.bytes);
  });
});
