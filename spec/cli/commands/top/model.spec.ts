import { firstModel, updated, type Happening, type Model } from '../../../../src/cli/commands/top/model';
import type { Key } from '../../../../src/cli/commands/top/key';
import { NOW_MS, statusDocumentOf, streamStatus, totals } from '../../../support/statusDocuments';

const SIZE = { columns: 80, rows: 24 };

/** 100 rows of buckets, of which 10 are seen. */
const update = updated(() => ({ total: 100, page: 10 }));

const START = firstModel(SIZE, NOW_MS);

const after = (happenings: readonly Happening[], from: Model = START): Model => happenings.reduce(update, from);

const pressing = (...keys: readonly (string | Key)[]): readonly Happening[] =>
  keys.map((key) => ({
    kind: 'key',
    key: typeof key === 'string' ? (key.length === 1 ? { name: key, text: key } : { name: key }) : key,
  }));

const delivered = (count: number, nowMs: number) =>
  statusDocumentOf({ daemon: { nowMs }, streams: [streamStatus('k', { totals: totals({ delivered: count }) })] });

describe('the model of kahets top', () => {
  it('begins with nothing', () => {
    expect(START).toMatchObject({ filter: '', isTyping: false, sort: 'rate', first: 0, isOver: false });
  });

  it.each([
    [['q'], true],
    [[{ name: 'c', ctrl: true }], true],
    [['x'], false],
    [['/', 'q'], false],
    [['/', 'q', { name: 'c', ctrl: true }], true],
  ])('is over after %j: %j', (keys, isOver) => {
    expect(after(pressing(...keys)).isOver).toBe(isOver);
  });

  it.each([
    [['down', 'down', 'up'], 1],
    [['up'], 0],
    [['pagedown', 'pagedown'], 20],
    [['pagedown', 'pagedown', 'pageup'], 10],
    [['end'], 90],
    [['end', 'down', 'up'], 89],
    [['end', 'home'], 0],
    [['x'], 0],
  ])('scrolls by %j to %i, never beyond the ends', (keys, first) => {
    expect(after(pressing(...keys)).first).toBe(first);
  });

  it('sorts by the next column, from the first row on', () => {
    const sorts = [1, 2, 3, 4, 5].map((times) => after(pressing('end', ...Array.from({ length: times }, () => 's'))));
    expect(sorts.map(({ sort }) => sort)).toEqual(['received', 'waiting', 'lost', 'name', 'rate']);
    expect(sorts.every(({ first }) => first === 0)).toBe(true);
  });

  it.each([
    [['/', 'a', 'b'], { filter: 'ab', isTyping: true }],
    [['/', 'a', 'return'], { filter: 'a', isTyping: false }],
    [['/', 'a', 'backspace', 'backspace'], { filter: '', isTyping: true }],
    [['/', { text: '👩‍👩‍👧' }, 'backspace'], { filter: '', isTyping: true }],
    [['/', 'a', { name: 'u', ctrl: true }], { filter: '', isTyping: true }],
    [['/', 'a', 'escape'], { filter: '', isTyping: false }],
    [['/', 'a', 'return', 'escape'], { filter: '', isTyping: false }],
    [['/', { text: '\u001b[31m' }], { filter: '', isTyping: true }],
    [['/', { text: 'x'.repeat(256) }], { filter: '', isTyping: true }],
    [['/', 's', 'down'], { filter: 's', isTyping: true, sort: 'rate' }],
  ])('finds by %j', (keys, expected) => {
    expect(after(pressing(...keys))).toMatchObject(expected);
  });

  it('goes to the first row when it looks for others', () => {
    expect(after(pressing('end', '/', 'a')).first).toBe(0);
  });

  it('knows rates from two documents on', () => {
    const one = after([{ kind: 'told', document: delivered(10, NOW_MS) }]);
    expect(one.rates).toBeUndefined();
    const two = after([{ kind: 'told', document: delivered(30, NOW_MS + 2_000) }], one);
    expect(two.rates?.delivered.get('k')).toBe(10);
  });

  it('keeps what the daemon said before it went away, and since when that is', () => {
    const away = after([
      { kind: 'told', document: delivered(10, NOW_MS) },
      { kind: 'ticked', nowMs: NOW_MS + 1_000 },
      { kind: 'away', problem: 'gone' },
      { kind: 'ticked', nowMs: NOW_MS + 2_000 },
      { kind: 'away', problem: 'nobody there' },
    ]);
    expect(away.away).toEqual({ problem: 'nobody there', sinceMs: NOW_MS + 1_000 });
    expect(away.document?.streams[0]?.totals.delivered).toBe(10);
    expect(after([{ kind: 'told', document: delivered(11, NOW_MS) }], away).away).toBeUndefined();
  });

  it('is as large as the terminal, and scrolls back where there is more room', () => {
    const small = after(pressing('end'));
    const large = updated(() => ({ total: 100, page: 50 }))(small, { kind: 'resized', size: { columns: 9, rows: 60 } });
    expect(large).toMatchObject({ first: 50, size: { columns: 9, rows: 60 } });
  });
});
