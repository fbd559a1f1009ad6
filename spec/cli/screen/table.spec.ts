import { tableLines, type Column } from '../../../src/cli/screen/table';
import { widthOf } from '../../../src/cli/screen/width';

type Row = readonly [name: string, count: number];

const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', least: 4, cell: ([name]) => ({ text: name }) },
  { title: 'COUNT', align: 'right', cell: ([, count]) => ({ text: String(count) }) },
  { title: 'TWICE', align: 'right', cell: ([, count]) => ({ text: String(2 * count), paint: (text) => `<${text}>` }) },
];

describe('tableLines', () => {
  it('has its titles where there is no row', () => {
    expect(tableLines(COLUMNS, [], 80)).toEqual(['NAME  COUNT  TWICE']);
  });

  it('makes columns as wide as their widest cell, and paints what is laid out', () => {
    expect(
      tableLines(
        COLUMNS,
        [
          ['one', 1],
          ['東京都庁', 1234],
        ],
        80,
      ),
    ).toEqual(['NAME      COUNT  TWICE', 'one           1  <    2>', '東京都庁   1234  < 2468>']);
  });

  it('narrows what may give way where there is no room for all', () => {
    expect(tableLines(COLUMNS, [['a-long-name', 1]], 22)).toEqual([
      'NAME      COUNT  TWICE',
      'a-long-…      1  <    2>',
    ]);
  });

  it('leaves out the last columns where that is not enough', () => {
    expect(tableLines(COLUMNS, [['a-long-name', 1]], 13)).toEqual(['NAME    COUNT', 'a-lon…      1']);
    expect(tableLines(COLUMNS, [['a-long-name', 1]], 3)).toEqual(['NA…', 'a-…']);
  });

  it('cuts nothing where the width has no end', () => {
    const name = 'n'.repeat(300);
    expect(tableLines(COLUMNS, [[name, 1]], Infinity)[1]).toContain(name);
  });

  it('shows text that would move the cursor', () => {
    const [, line = ''] = tableLines(COLUMNS, [['\u001b[2J\n', 1]], 80);
    expect(line).toContain('\\x1b[2J\\x0a');
    expect(widthOf(line)).toBe(line.length);
  });
});
