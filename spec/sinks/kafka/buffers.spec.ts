import { createBuffers } from '../../../src/sinks/kafka/buffers';

const BIG = 1_000_000;

describe('createBuffers', () => {
  it.each([
    [0, 1024],
    [1, 1024],
    [1025, 2048],
    [128 * 1024, 128 * 1024],
    [128 * 1024 + 1, 256 * 1024],
    [512 * 1024 + 1, BIG],
    [BIG, BIG],
    [BIG + 1, BIG + 1],
  ])('for %d bytes lends %d', (bytes, lent) => {
    expect(createBuffers(BIG).lend(bytes)).toHaveLength(lent);
  });

  it('lends again what is not larger than a big one', () => {
    const buffers = createBuffers(BIG);
    const [big, small, huge] = [buffers.lend(BIG), buffers.lend(1), buffers.lend(2 * BIG)];
    for (const buffer of [big, small, huge]) buffers.giveBack(buffer);
    expect(buffers.lend(2 * BIG)).not.toBe(huge);
    expect(buffers.lend(1)).toBe(small);
    expect(buffers.lend(1)).not.toBe(small);
    expect(buffers.lend(900_000)).toBe(big);
    expect(buffers.lend(900_000)).not.toBe(big);
  });

  it('keeps no more than eight big ones take', () => {
    const buffers = createBuffers(BIG);
    const lent = Array.from({ length: 10 }, () => buffers.lend(BIG));
    for (const buffer of lent) buffers.giveBack(buffer);
    const again = Array.from({ length: 10 }, () => buffers.lend(BIG));
    expect(again.filter((buffer) => lent.includes(buffer))).toHaveLength(8);
  });
});
