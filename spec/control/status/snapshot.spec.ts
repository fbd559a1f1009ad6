import { snapshotOf } from '../../../src/control/status/snapshot';
import { emptyRow } from '../../../src/model';

const row = (bucket: string, stream: string, received: number) => ({ ...emptyRow(bucket, stream), received });

describe('snapshotOf', () => {
  it('has no rates at first', () => {
    const first = snapshotOf([row('b', 's', 5)], 1000);
    expect(first).toEqual({ atMs: 1000, rows: [row('b', 's', 5)] });
  });

  it('has the rate of each row since the one before; all of a new row came since', () => {
    const before = snapshotOf([row('b', 's', 5), row('b', 't', 1)], 1000);
    const { rows } = snapshotOf([row('b', 's', 25), row('b', 't', 1), row('c', 's', 4)], 3000, before);
    expect(rows.map(({ perSecond }) => perSecond)).toEqual([10, 0, 2]);
  });

  it.each([1000, 500])('has none where no time has passed, or the clock was put back (%d)', (atMs) => {
    const before = snapshotOf([row('b', 's', 5)], 1000);
    expect(snapshotOf([row('b', 's', 6)], atMs, before).rows).toEqual([row('b', 's', 6)]);
  });
});
