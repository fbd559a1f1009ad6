import * as fc from 'fast-check';
import { varintSize, varlongSize, writeVarint, writeVarlong, zigzag } from '../../../src/sinks/kafka/varint';

const written = (value: number): readonly number[] => {
  const target = Buffer.alloc(8, 0xee);
  const end = writeVarint(target, 1, zigzag(value));
  expect(target[0]).toBe(0xee);
  expect(target[end]).toBe(0xee);
  return [...target.subarray(1, end)];
};

describe('varint', () => {
  it.each([
    [0, [0]],
    [-1, [1]],
    [1, [2]],
    [63, [126]],
    [-64, [127]],
    [64, [128, 1]],
    [8191, [254, 127]],
    [8192, [128, 128, 1]],
    [2 ** 30 - 1, [254, 255, 255, 255, 7]],
    [2 ** 31 - 1, [254, 255, 255, 255, 15]],
    [-(2 ** 31), [255, 255, 255, 255, 15]],
  ])('writes %d', (value, bytes) => {
    expect(written(value)).toEqual(bytes);
  });

  it('takes as many bytes as its size says, and can be read back', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        const bytes = written(value);
        const encoded = bytes.reduce((sum, byte, n) => sum + BigInt(byte & 0x7f) * 128n ** BigInt(n), 0n);
        const decoded = encoded % 2n === 0n ? encoded / 2n : -(encoded + 1n) / 2n;
        expect(bytes).toHaveLength(varintSize(zigzag(value)));
        expect(Number(decoded)).toBe(value);
      }),
    );
  });
});

describe('varlong', () => {
  const LARGEST = 2 ** 52 - 1;

  const writtenLong = (value: number): readonly number[] => {
    const target = Buffer.alloc(12, 0xee);
    const end = writeVarlong(target, 1, value);
    expect([target[0], target[end]]).toEqual([0xee, 0xee]);
    return [...target.subarray(1, end)];
  };

  it.each([
    [2 ** 31, [128, 128, 128, 128, 16]],
    [-(2 ** 31) - 1, [129, 128, 128, 128, 16]],
    [1_700_000_000_000, [128, 160, 171, 254, 249, 98]],
    [-1_700_000_000_000, [255, 159, 171, 254, 249, 98]],
  ])('writes %d', (value, bytes) => {
    expect(writtenLong(value)).toEqual(bytes);
  });

  it('is a varint where that has room', () => {
    fc.assert(
      fc.property(fc.integer(), (value) => {
        expect(writtenLong(value)).toEqual(written(value));
      }),
    );
  });

  it('takes as many bytes as its size says, and can be read back', () => {
    fc.assert(
      fc.property(
        fc.maxSafeInteger().map((value) => value % LARGEST),
        (value) => {
          const bytes = writtenLong(value);
          const encoded = bytes.reduce((sum, byte, n) => sum + BigInt(byte & 0x7f) * 128n ** BigInt(n), 0n);
          const decoded = encoded % 2n === 0n ? encoded / 2n : -(encoded + 1n) / 2n;
          expect(bytes).toHaveLength(varlongSize(value));
          expect(decoded).toBe(BigInt(value));
        },
      ),
    );
  });
});
