import { createBucketNames } from '../../src/wire/bucketNames';

describe('createBucketNames', () => {
  it('makes one name for equal bytes', () => {
    const names = createBucketNames();
    const chunk = Buffer.from('..orders..orders');
    const first = names.find(chunk, 2, 6);
    expect(first?.text).toBe('orders');
    expect(names.find(chunk, 10, 6)).toBe(first);
    expect(names.find(chunk, 10, 5)).not.toBe(first);
  });

  it('does not keep the chunk alive', () => {
    const chunk = Buffer.alloc(1 << 16, 'a');
    expect(createBucketNames().find(chunk, 0, 6)?.bytes.buffer.byteLength).toBe(6);
  });

  it('knows no name that is not UTF-8', () => {
    expect(createBucketNames().find(Buffer.from('ff', 'hex'), 0, 1)).toBeUndefined();
  });

  it('starts over past its bound', () => {
    const names = createBucketNames(2);
    const chunk = Buffer.from('abc');
    const first = names.find(chunk, 0, 1);
    names.find(chunk, 1, 1);
    expect(names.find(chunk, 0, 1)).toBe(first);
    names.find(chunk, 2, 1);
    expect(names.find(chunk, 0, 1)).not.toBe(first);
    expect(names.find(chunk, 0, 1)?.text).toBe('a');
  });
});
