import fc from 'fast-check';
import type { Blocks, Frames, Origin } from '../../src/model';
import { BatchMemory, KeptRuns } from '../../src/operators/batchMemory';
import { BLOCK_BYTES, unshared } from '../../src/operators/blocks';
import { anOrigin, frames, messagesOf } from '../../src/testing/builders';

const LEAST_BYTES = 1024;
const SAME_TIME_MS = 10;

/** Blocks that note what is lent. */
const notedBlocks = (): Pick<Blocks, 'lend'> & { readonly lent: Buffer[] } => {
  const lent: Buffer[] = [];
  return {
    lent,
    lend: (bytes) => {
      const block = unshared.lend(bytes);
      lent.push(block);
      return block;
    },
  };
};

const memoryOf = (blocks: Pick<Blocks, 'lend'> = unshared): BatchMemory => new BatchMemory(blocks, SAME_TIME_MS);
const runOf = (bytes: Buffer): Frames => ({ bucket: 'b', bytes, count: 1, arrivedMs: 7, origin: anOrigin() });
const at = (arrivedMs: number, message: string, origin?: Origin): Frames => ({
  ...frames('b', [message], origin),
  arrivedMs,
});
const recovered = (): Origin => ({ ...anOrigin(), recovered: true });

/** Adds the runs as a source hands them on, whose memory is read into again. */
const addAll = (memory: BatchMemory, runs: readonly Frames[]): void => {
  for (const run of runs) {
    const bytes = Buffer.from(run.bytes);
    memory.add({ ...run, bytes });
    bytes.fill(0xdd);
  }
};

/** Of each run that was made: when it came, and its messages. */
const textOf = (runs: readonly Frames[]): readonly string[] =>
  runs.map((run) => `${run.arrivedMs}:${messagesOf({ frames: [run] }).join('')}`);

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 * BLOCK_BYTES })), {
  minLength: 1,
  maxLength: 60,
});

const arrivals = fc.array(
  fc.record({
    gapMs: fc.integer({ min: -3, max: 15 }),
    messages: fc.array(fc.string({ minLength: 1, maxLength: 600, unit: 'grapheme-ascii' }), {
      minLength: 1,
      maxLength: 3,
    }),
    whose: fc.nat(3),
  }),
  { maxLength: 40 },
);

describe('BatchMemory', () => {
  it('copies a run, with all that belongs to it', () => {
    const run = frames('b', ['one', 'two']);
    const memory = memoryOf();
    addAll(memory, [run]);
    const { frames: closed, debts } = memory.close();
    expect(closed).toEqual([run]);
    expect(closed[0]?.origin).toBe(run.origin);
    expect(debts).toEqual([{ origin: run.origin, count: 2 }]);
  });

  it('makes one run of those that come at about the same time, whosever they are', () => {
    const [mine, other] = [anOrigin(), anOrigin()];
    const memory = memoryOf();
    addAll(memory, [at(7, 'a', mine), at(8, 'b', other), at(17, 'c', mine), at(18, 'd', mine)]);
    expect([memory.runs, memory.debts]).toEqual([2, 2]);
    const { frames: closed, debts } = memory.close();
    expect(textOf(closed)).toEqual(['7:abc', '18:d']);
    expect(debts.map(({ origin, count }) => [origin === mine, count])).toEqual([
      [true, 3],
      [false, 1],
    ]);
    expect([memory.runs, memory.debts]).toEqual([0, 0]);
  });

  it('says of no message that it came later than it did: not where the clock went back either', () => {
    const memory = memoryOf();
    addAll(memory, [at(7, 'a'), at(6, 'b')]);
    expect(textOf(memory.close().frames)).toEqual(['7:a', '6:b']);
  });

  it('keeps what was recovered apart, which lies in a file', () => {
    const memory = memoryOf();
    const origin = recovered();
    addAll(memory, [at(7, 'a'), at(7, 'r', origin), at(7, 's', origin), at(7, 'b')]);
    const { frames: closed } = memory.close();
    expect(closed.map((run) => [textOf([run])[0], run.origin.recovered])).toEqual([
      ['7:a', undefined],
      ['7:r', true],
      ['7:s', true],
      ['7:b', undefined],
    ]);
  });

  it('shows what is open at any time', () => {
    const memory = memoryOf();
    addAll(memory, [at(7, 'a')]);
    expect(textOf(memory.frames())).toEqual(['7:a']);
    addAll(memory, [at(7, 'b')]);
    expect(messagesOf({ frames: memory.frames() })).toEqual(['a', 'b']);
    expect(messagesOf(memory.close())).toEqual(['a', 'b']);
    expect(memory.frames()).toEqual([]);
  });

  it('tells which run is the first of its origin in the open batch', () => {
    const [mine, other] = [anOrigin(), anOrigin()];
    const memory = memoryOf();
    const isNew = (...origins: readonly Origin[]): readonly boolean[] =>
      origins.map((origin) => memory.add(at(7, 'a', origin)));
    expect(isNew(mine, mine, other, mine, other)).toEqual([true, false, true, false, false]);
    memory.close();
    expect(isNew(other, mine)).toEqual([true, true]);
  });

  it('law: the messages in order, about when they came, and to each connection as many as it sent', () => {
    fc.assert(
      fc.property(arrivals, (input) => {
        const origins = [anOrigin(), anOrigin(), recovered(), recovered()];
        let now = 1000;
        const runs = input.map(({ gapMs, messages, whose }) => {
          now += gapMs;
          return { ...frames('b', messages, origins[whose]), arrivedMs: now };
        });
        const memory = memoryOf();
        addAll(memory, runs);
        const weighed = [memory.runs, memory.debts];
        const { frames: closed, debts } = memory.close();
        expect(weighed).toEqual([closed.length, debts.length]);
        expect(messagesOf({ frames: closed })).toEqual(messagesOf({ frames: runs }));
        const timesOf = (all: readonly Frames[]): readonly number[] =>
          all.flatMap(({ count, arrivedMs }) => Array.from({ length: count }, () => arrivedMs));
        const [said, came] = [timesOf(closed), timesOf(runs)];
        expect(said.every((ms, i) => Number(came[i]) >= ms && Number(came[i]) - ms <= SAME_TIME_MS)).toBe(true);
        for (const origin of origins) {
          const sent = runs.reduce((sum, run) => sum + (run.origin === origin ? run.count : 0), 0);
          expect(debts.find((debt) => debt.origin === origin)?.count ?? 0).toBe(sent);
        }
      }),
    );
  });

  it('keeps all bytes as they came, in at most about twice as much', () => {
    fc.assert(
      fc.property(sizes, (all) => {
        const blocks = notedBlocks();
        const memory = memoryOf(blocks);
        const runs = all.map((size, i) => runOf(Buffer.alloc(size, i)));
        addAll(memory, runs);
        const bytesOf = (of: readonly Frames[]): Buffer => Buffer.concat(of.map(({ bytes }) => bytes));
        expect(bytesOf(memory.close().frames).equals(bytesOf(runs))).toBe(true);
        const bytes = all.reduce((sum, size) => sum + size, 0);
        const taken = blocks.lent.reduce((sum, { length }) => sum + length, 0);
        expect(taken).toBeLessThanOrEqual(2 * bytes + BLOCK_BYTES);
        expect(taken).toBeLessThanOrEqual(4 * bytes + LEAST_BYTES);
      }),
    );
  });

  it('shares blocks that grow to their full size among small runs', () => {
    const blocks = notedBlocks();
    const memory = memoryOf(blocks);
    for (let i = 0; i < 2000; i += 1) memory.add(runOf(Buffer.alloc(200)));
    expect(blocks.lent.map(({ length }) => length)).toEqual([
      LEAST_BYTES,
      2048,
      4096,
      8192,
      16_384,
      32_768,
      65_536,
      BLOCK_BYTES,
      BLOCK_BYTES,
      BLOCK_BYTES,
    ]);
    expect(memory.runs).toBe(blocks.lent.length);
  });

  it('tells the blocks of each batch when it closes', () => {
    const blocks = notedBlocks();
    const memory = memoryOf(blocks);
    expect(memory.close().blocks).toEqual([]);
    memory.add(runOf(Buffer.alloc(10)));
    const first = memory.close().blocks;
    memory.add(runOf(Buffer.alloc(1)));
    memory.add(runOf(Buffer.alloc(2000)));
    const second = memory.close().blocks;
    expect([...first, ...second].map((block) => blocks.lent.indexOf(block))).toEqual([0, 1, 2]);
    expect(first).toHaveLength(1);
  });
});

describe('KeptRuns', () => {
  it('keeps runs as they came, until they are closed', () => {
    const memory = new KeptRuns();
    const runs = [at(7, 'a'), at(7, 'b')];
    for (const run of runs) memory.add(run);
    expect([memory.runs, memory.debts]).toEqual([2, 0]);
    expect(memory.frames()[1]).toBe(runs[1]);
    expect(memory.close()).toEqual({ frames: runs });
    expect(memory.runs).toBe(0);
  });
});
