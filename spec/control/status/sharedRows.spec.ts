import { sharedRows } from '../../../src/control/status/sharedRows';
import { emptyRow } from '../../../src/model';

const row = (bucket: string, stream: string, received: number, dropped: Readonly<Record<string, number>> = {}) => ({
  ...emptyRow(bucket, stream),
  ...{ received, dropped },
});
const labelOf = (bucket: string): string => (bucket.startsWith('own') ? bucket : '(other)');

describe('sharedRows', () => {
  it('is empty of nothing', () => expect(sharedRows([], labelOf)).toEqual([]));

  it('leaves rows that have a label of their own, and adds up the others by stream', () => {
    const own = [row('own1', 's', 1, { poison: 1 }), row('own2', 't', 2)];
    const others = [
      row('a', 's', 10, { poison: 1, unexpected: 2 }),
      row('b', 's', 20, { poison: 3 }),
      row('a', 't', 5),
    ];
    const rows = sharedRows([...own, ...others], labelOf);
    expect(rows).toEqual([...own, row('(other)', 's', 30, { poison: 4, unexpected: 2 }), row('(other)', 't', 5)]);
    expect(rows[0]).toBe(own[0]);
  });

  it('leaves the ledger’s own row of that name beside it, with the same label', () =>
    expect(sharedRows([row('(other)', 's', 1), row('a', 's', 2)], labelOf).map(({ received }) => received)).toEqual([
      1, 2,
    ]));
});
