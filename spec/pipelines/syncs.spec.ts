import { createHeld } from '../../src/control/held';
import type { Origin, Synced } from '../../src/model';
import { Syncs } from '../../src/pipelines/syncs';
import { createSyncedReader } from '../../src/wire/sync';
import { anOrigin, testEnv } from '../../src/testing/builders';

const setUp = () => {
  const held = createHeld({ high: 1 << 20, low: 1 << 19 });
  const env = testEnv({ held });
  const sent: Synced[] = [];
  let owed = 0;
  const read = createSyncedReader();
  const send = (answer: Buffer): void => void sent.push(...read(answer));
  const syncs = new Syncs({ owe: () => (owed += 1), isWaiting: false, send }, env);
  return { held, ledger: env.ledger, sent, syncs, owed: () => owed };
};

const epoch = (messages: number, open = messages): Origin => ({ ...anOrigin(), messages, open });

/** As a settled batch does. */
const settle = (origin: Origin, count: number): void => {
  origin.open -= count;
  if (origin.open === 0) origin.settled?.();
};

describe('Syncs', () => {
  it('empty: answers at once where nothing was sent', () => {
    const { syncs, sent, owed, held } = setUp();
    syncs.add({ token: 7, origin: epoch(0), bytes: 10 });
    expect([sent, owed()]).toEqual([[{ token: 7, status: 0, messages: 0 }], 1]);
    expect(held.bytes).toBe(0);
  });

  it('one: answers when all of its epoch has settled, with the worst of it, and is charged for until then', () => {
    const { syncs, sent, held } = setUp();
    const origin = epoch(3);
    settle(origin, 1);
    syncs.add({ token: 7, origin, bytes: 10 });
    expect(held.bytes).toBeGreaterThan(0);
    settle(origin, 1);
    expect(sent).toEqual([]);
    origin.worst = 1;
    settle(origin, 1);
    expect(sent).toEqual([{ token: 7, status: 1, messages: 3 }]);
    expect(held.bytes).toBe(0);
  });

  it('many: answers in order, none before those before it', () => {
    const { syncs, sent } = setUp();
    const [first, second, third] = [epoch(1), epoch(0), epoch(2)];
    syncs.add({ token: 1, origin: first, bytes: 10 });
    syncs.add({ token: 2, origin: second, bytes: 10 });
    syncs.add({ token: 3, origin: third, bytes: 10 });
    settle(third, 2);
    expect(sent).toEqual([]);
    settle(first, 1);
    expect(sent.map(({ token, messages }) => [token, messages])).toEqual([
      [1, 1],
      [2, 0],
      [3, 2],
    ]);
  });

  it('books each answer by what it says', () => {
    const { syncs, ledger } = setUp();
    const worsts = [0, 2, 1, 2, 2, 0] as const;
    worsts.forEach((worst, token) => syncs.add({ token, origin: { ...epoch(0), worst }, bytes: 10 }));
    syncs.add({ token: 9, origin: epoch(1), bytes: 10 });
    expect(ledger.syncs()).toEqual({ delivered: 2, backedUp: 1, dropped: 3 });
  });

  it('answers thousands, each once', () => {
    const { syncs, sent, held } = setUp();
    const origins = Array.from({ length: 5000 }, () => epoch(1));
    origins.forEach((origin, token) => syncs.add({ token, origin, bytes: 10 }));
    for (const origin of origins.toReversed()) settle(origin, 1);
    expect(sent.map(({ token }) => token)).toEqual(origins.map((_, token) => token));
    expect(held.bytes).toBe(0);
  });

  it('asks the open batches with messages of its epoch to close, one of which may settle at once', () => {
    const { syncs, sent } = setUp();
    const origin = epoch(2);
    const asked: string[] = [];
    const closing = (name: string) => {
      const close = (): void => {
        asked.push(name);
        origin.gathering?.delete(close);
        settle(origin, 1);
      };
      return close;
    };
    origin.gathering = new Set([closing('a'), closing('b')]);
    syncs.add({ token: 1, origin, bytes: 10 });
    expect([asked, sent]).toEqual([['a', 'b'], [{ token: 1, status: 0, messages: 2 }]]);
  });

  it('stays in order where what it gives back lets something else settle', () => {
    const sent: number[] = [];
    const held = createHeld({ high: 1 << 20, low: 1 << 19 });
    const [first, second] = [epoch(1), epoch(1)];
    const release = (bytes: number): void => {
      held.release(bytes);
      if (second.open > 0) settle(second, 1);
    };
    const send = (answer: Buffer): void => void sent.push(...createSyncedReader()(answer).map(({ token }) => token));
    const syncs = new Syncs(
      { owe: () => undefined, isWaiting: false, send },
      testEnv({ held: { ...held, charge: (bytes) => held.charge(bytes), release } }),
    );
    syncs.add({ token: 1, origin: first, bytes: 10 });
    syncs.add({ token: 2, origin: second, bytes: 10 });
    settle(first, 1);
    expect(sent).toEqual([1, 2]);
    expect(held.bytes).toBe(0);
  });
});
