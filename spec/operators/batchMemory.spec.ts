import fc from 'fast-check';
import type { Blocks, Frames } from '../../src/model';
import { BatchMemory } from '../../src/operators/batchMemory';
import { BLOCK_BYTES, unshared } from '../../src/operators/blocks';
import { anOrigin, frames } from '../support/builders';

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

const runOf = (bytes: Buffer): Frames => ({ bucket: 'b', bytes, count: 1, arrivedMs: 7, origin: anOrigin() });

const sizes = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: 2 * BLOCK_BYTES })), {
  minLength: 1,
  maxLength: 60,
});

describe('BatchMemory', () => {
  it('copies a run, with all that belongs to it', () => {
    const run = frames('b', ['one', 'two']);
    const before = { ...run, bytes: Buffer.from(run.bytes) };
    const kept = new BatchMemory(unshared).keep(run);
    run.bytes.fill(0xdd);
    expect(kept).toEqual(before);
    expect(kept.origin).toBe(run.origin);
  });

  it('keeps every run as it came, in at most twice their bytes and one block', () => {
    fc.assert(
      fc.property(sizes, (all) => {
        const blocks = notedBlocks();
        const memory = new BatchMemory(blocks);
        const kept = all.map((size, i) => memory.keep(runOf(Buffer.alloc(size, i))).bytes);
        kept.forEach((bytes, i) => expect(bytes.equals(Buffer.alloc(all[i] ?? 0, i))).toBe(true));
        const bytes = all.reduce((sum, size) => sum + size, 0);
        const taken = blocks.lent.reduce((sum, { length }) => sum + length, 0);
        expect(taken).toBeLessThanOrEqual(2 * bytes + BLOCK_BYTES);
        expect(taken).toBeLessThanOrEqual(4 * bytes);
      }),
    );
  });

  it('shares blocks that grow to their full size among small runs', () => {
    const blocks = notedBlocks();
    const memory = new BatchMemory(blocks);
    for (let i = 0; i < 2000; i += 1) memory.keep(runOf(Buffer.alloc(200)));
    expect(blocks.lent.map(({ length }) => length)).toEqual([
      256,
      512,
      1024,
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
  });

  it('tells the blocks of each batch when it closes', () => {
    const blocks = notedBlocks();
    const memory = new BatchMemory(blocks);
    expect(memory.close()).toEqual([]);
    memory.keep(runOf(Buffer.alloc(10)));
    const first = memory.close();
    memory.keep(runOf(Buffer.alloc(1)));
    memory.keep(runOf(Buffer.alloc(200)));
    const second = memory.close();
    expect([...first, ...second].map((block) => blocks.lent.indexOf(block))).toEqual([0, 1, 2]);
    expect(first).toHaveLength(1);
  });
});
