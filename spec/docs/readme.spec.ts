/** What the README says of other files is so. Its commands are run in e2e/readme.spec.ts. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../support/endToEnd';

const page = (name: string): string => readFileSync(path.join(ROOT, name), 'utf8');
const README = page('README.md');

const cellsOf = (line: string): readonly string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim());

/** The figures of a shape on the page that the bench writes, by subject. */
const measured = (shape: string): ReadonlyMap<string, string> => {
  const [, section = ''] = page('docs/PERFORMANCE.md').split(`<!-- section shape-${shape} -->`);
  const rows = (section.split('<!-- end')[0] ?? '').split('\n').filter((line) => line.startsWith('| '));
  return new Map(rows.map(cellsOf).map(([subject = '', figure = '']) => [subject.replace(/,.*/, ''), figure]));
};

describe('the README', () => {
  it.each([
    ['CPU µs a message: bulk', 'bulk'],
    ['one write a message, 50 connections', 'single'],
    ['connect, send 10, close', 'short'],
    ['8 KB messages, bulk', 'bulk8k'],
  ])('has the figures that the bench has written: %s', (row, shape) => {
    const figures = measured(shape);
    const cells = README.split('\n')
      .map(cellsOf)
      .find(([name]) => name === row);
    expect(figures.size).toBeGreaterThan(2);
    expect(cells).toEqual([
      row,
      ...[figures.get('kahets'), '', figures.get('rsyslog'), figures.get('syslog-ng')],
      ...['', ''],
    ]);
  });

  it('names scripts of npm that are there', () => {
    const { scripts } = JSON.parse(page('package.json')) as { readonly scripts: Readonly<Record<string, string>> };
    const named = [...README.matchAll(/`npm (?:run )?([\w:]+)`/g)].map(([, name = '']) => name);
    expect(named).toContain('start');
    expect(Object.keys(scripts)).toEqual(expect.arrayContaining(named));
  });
});
