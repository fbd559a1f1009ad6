import { createHeld } from '../../src/control/held';
import { footprint, overhead } from '../../src/operators/footprint';
import { anOrigin, batchOf } from '../../src/testing/builders';

const held = (): ReturnType<typeof createHeld> => createHeld({ high: 1e9, low: 1e8 });
const FIRST = { runs: 1, debts: 1 };

describe('overhead', () => {
  it('charges a batch with its first run, and then for each run and connection more', () => {
    const memory = held();
    const weight = overhead(memory, [{}]);
    weight.open(FIRST);
    const first = memory.bytes;
    weight.open(FIRST);
    expect(memory.bytes).toBe(first);
    weight.open({ runs: 2, debts: 1 });
    const run = memory.bytes - first;
    weight.open({ runs: 2, debts: 2 });
    const debt = memory.bytes - first - run;
    weight.batch();
    expect(memory.bytes).toBe(first + run + debt);
    expect([first > run, run > debt, debt > 0]).toEqual([true, true, true]);
    weight.open(FIRST);
    expect(memory.bytes).toBe(2 * first + run + debt);
  });

  it('charges a batch for each of its streams, and for a backup more than for a stream', () => {
    const [one, two, three, withBackup] = [[{}], [{}, {}], [{}, {}, {}], [{ hasBackup: true }]].map((streams) => {
      const memory = held();
      overhead(memory, streams).open(FIRST);
      return memory.bytes;
    });
    expect(Number(two)).toBeGreaterThan(Number(one));
    expect(Number(three) - Number(two)).toBe(Number(two) - Number(one));
    expect(Number(withBackup)).toBeGreaterThan(Number(two));
  });

  const batches = [batchOf('b', ['1', '2']), { ...batchOf('b', ['3']), debts: [{ origin: anOrigin(), count: 1 }] }];

  it('gives all of it back, whatever the batches and their order', () => {
    const memory = held();
    const weight = overhead(memory, [{}, {}, { hasBackup: true }]);
    for (const { frames, debts = [] } of batches) {
      frames.forEach((_, i) => weight.open({ runs: i + 1, debts: debts.length }));
      weight.batch();
    }
    for (const batch of [...batches].reverse()) weight.settled(batch);
    expect(memory.bytes).toBe(0);
  });

  it('gives all of it back where what it charges closes the batch', () => {
    const memory = held();
    let closes = (): void => undefined;
    const charge = (bytes: number): void => {
      memory.charge(bytes);
      closes();
    };
    const weight = overhead({ charge, release: (bytes) => memory.release(bytes) }, [{}]);
    weight.open({ runs: 1, debts: 0 });
    closes = () => weight.batch();
    weight.open({ runs: 2, debts: 0 });
    weight.settled(batchOf('b', ['1', '2']));
    expect(memory.bytes).toBe(0);
    weight.open({ runs: 1, debts: 0 });
    weight.settled(batchOf('b', ['3']));
    expect(memory.bytes).toBe(0);
  });
});

describe('footprint', () => {
  it('is what one stream with a backup charges, and the bytes', () => {
    const memory = held();
    const batch = { ...batchOf('b', ['1', '2', '3']), debts: [{ origin: anOrigin(), count: 3 }] };
    overhead(memory, [{ hasBackup: true }]).open({ runs: 3, debts: 1 });
    expect(footprint(batch)).toBe(batch.bytes + memory.bytes);
  });
});
