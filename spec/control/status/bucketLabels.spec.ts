import { createBucketLabels } from '../../../src/control/status/bucketLabels';

describe('createBucketLabels', () => {
  it('gives the first names, and they keep theirs', () => {
    const labelOf = createBucketLabels(2);
    expect(['a', 'b', 'c', 'a', 'd', 'b'].map(labelOf)).toEqual(['a', 'b', '(other)', 'a', '(other)', 'b']);
  });

  it('gives a hundred by default', () => {
    const labelOf = createBucketLabels();
    const labels = new Set(Array.from({ length: 500 }, (_, n) => labelOf(`bucket ${n}`)));
    expect(labels.size).toBe(101);
  });
});
