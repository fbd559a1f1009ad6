import { BLOCK_BYTES, createBlocks, unshared } from '../../src/operators/blocks';

describe('createBlocks', () => {
  it('lends what it was given back', () => {
    const blocks = createBlocks(10 * BLOCK_BYTES);
    const block = blocks.lend(BLOCK_BYTES);
    expect(block).toHaveLength(BLOCK_BYTES);
    expect(blocks.lend(BLOCK_BYTES)).not.toBe(block);
    blocks.giveBack(block);
    expect(blocks.lend(BLOCK_BYTES)).toBe(block);
    expect(blocks.lend(BLOCK_BYTES)).not.toBe(block);
  });

  it('keeps no more than it may, and no blocks of another size', () => {
    const blocks = createBlocks(2 * BLOCK_BYTES + 1);
    const three = [blocks.lend(BLOCK_BYTES), blocks.lend(BLOCK_BYTES), blocks.lend(BLOCK_BYTES)];
    const small = blocks.lend(100);
    expect(small).toHaveLength(100);
    for (const block of [...three, small]) blocks.giveBack(block);
    const again = [blocks.lend(BLOCK_BYTES), blocks.lend(BLOCK_BYTES), blocks.lend(BLOCK_BYTES)];
    expect(again.filter((block) => three.includes(block))).toHaveLength(2);
    expect(blocks.lend(100)).not.toBe(small);
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
