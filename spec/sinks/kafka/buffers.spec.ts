import { createBuffers } from '../../../src/sinks/kafka/buffers';

const BIG = 1_000_000;

describe('createBuffers', () => {
  it.each([
    [0, 1024],
    [1, 1024],
    [1025, 2048],
    [128 * 1024, 128 * 1024],
    [128 * 1024 + 1, BIG],
    [BIG, BIG],
    [BIG + 1, BIG + 1],
  ])('for %d bytes lends %d', (bytes, lent) => {
    expect(createBuffers(BIG).lend(bytes)).toHaveLength(lent);
  });

  it('lends a big one again, and nothing else', () => {
    const buffers = createBuffers(BIG);
    const [big, small, huge] = [buffers.lend(BIG), buffers.lend(1), buffers.lend(2 * BIG)];
    for (const buffer of [big, small, huge]) buffers.giveBack(buffer);
    expect(buffers.lend(1)).not.toBe(small);
    expect(buffers.lend(2 * BIG)).not.toBe(huge);
    expect(buffers.lend(500_000)).toBe(big);
    expect(buffers.lend(500_000)).not.toBe(big);
  });
});
