import { receivedOf, totalsOf } from '../../../src/control/status/totals';
import { emptyRow } from '../../../src/model';

describe('totalsOf', () => {
  it('is nothing of nothing', () => expect(new Set(Object.values(totalsOf([])))).toEqual(new Set([0])));

  it('adds up every column', () => {
    const row = { ...emptyRow('b', 's'), received: 10, recovered: 1, delivered: 2, backedUp: 3, deadLettered: 1 };
    const more = { ...row, dropped: { poison: 2, unexpected: 1 }, sampledOut: 1, held: 1, duplicatesPossible: 4 };
    expect(totalsOf([row, more])).toEqual({
      ...{ received: 20, recovered: 2, delivered: 4, backedUp: 6, deadLettered: 2 },
      ...{ dropped: 3, sampledOut: 1, held: 1, duplicatesPossible: 4 },
    });
  });
});

describe('receivedOf', () => {
  it('counts a message once, however many streams its bucket has', () => {
    const rows = [
      { ...emptyRow('b', 's'), received: 10 },
      { ...emptyRow('b', 't'), received: 10 },
      { ...emptyRow('c', 's'), received: 3 },
    ];
    expect(receivedOf(rows)).toBe(13);
    expect(receivedOf([])).toBe(0);
  });
});
