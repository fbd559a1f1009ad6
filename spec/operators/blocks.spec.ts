import { BLOCK_BYTES, createBlocks, LEAST_BLOCK_BYTES, unshared } from '../../src/operators/blocks';

/** Lends so many blocks of `bytes`, all of them different. */
const lendAll = ({ lend }: Pick<ReturnType<typeof createBlocks>, 'lend'>, count: number, bytes: number): Buffer[] =>
  Array.from({ length: count }, () => lend(bytes));

const common = (some: readonly Buffer[], others: readonly Buffer[]): number =>
  some.filter((block) => others.includes(block)).length;

describe('createBlocks', () => {
  it.each([LEAST_BLOCK_BYTES, 8192, BLOCK_BYTES])('lends what it was given back: %d bytes', (bytes) => {
    const blocks = createBlocks(10 * BLOCK_BYTES);
    const block = blocks.lend(bytes);
    expect(block).toHaveLength(bytes);
    expect(blocks.lend(bytes)).not.toBe(block);
    blocks.giveBack(block);
    expect(blocks.lend(2 * bytes)).toHaveLength(2 * bytes);
    expect(blocks.lend(bytes)).toBe(block);
    expect(blocks.lend(bytes)).not.toBe(block);
  });

  it('keeps no more than it may', () => {
    const blocks = createBlocks(2 * BLOCK_BYTES + 1);
    const three = lendAll(blocks, 3, BLOCK_BYTES);
    three.forEach(blocks.giveBack);
    expect(common(lendAll(blocks, 3, BLOCK_BYTES), three)).toBe(2);
  });

  it.each([100, 3000, LEAST_BLOCK_BYTES / 2, 2 * BLOCK_BYTES])('keeps no block of another size: %d bytes', (bytes) => {
    const blocks = createBlocks(10 * BLOCK_BYTES);
    const block = blocks.lend(bytes);
    expect(block).toHaveLength(bytes);
    blocks.giveBack(block);
    expect(blocks.lend(bytes)).not.toBe(block);
  });

  it('keeps blocks of the sizes it is told, and no others', () => {
    const blocks = createBlocks(10_000, [1000]);
    const [told, other] = [blocks.lend(1000), blocks.lend(1024)];
    [told, other].forEach(blocks.giveBack);
    expect(blocks.lend(1000)).toBe(told);
    expect(blocks.lend(1024)).not.toBe(other);
  });

  it('gives up small blocks for larger ones, and no larger ones for small ones', () => {
    const blocks = createBlocks(BLOCK_BYTES);
    const small = lendAll(blocks, 4, BLOCK_BYTES / 4);
    const large = lendAll(blocks, 1, BLOCK_BYTES / 2);
    [...small, ...large].forEach(blocks.giveBack);
    small.forEach(blocks.giveBack);
    expect(common(lendAll(blocks, 1, BLOCK_BYTES / 2), large)).toBe(1);
    expect(common(lendAll(blocks, 4, BLOCK_BYTES / 4), small)).toBe(2);
  });
});

describe('unshared', () => {
  it('lends each block once', () => {
    const block = unshared.lend(BLOCK_BYTES);
    expect(block).toHaveLength(BLOCK_BYTES);
    unshared.giveBack(block);
    expect(unshared.lend(BLOCK_BYTES)).not.toBe(block);
  });
});
