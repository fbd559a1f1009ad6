/**
 * docs/PERFORMANCE.md: sections that are measured apart. Each stands between two markers that name it, so that a command
 * writes those it has measured and leaves the others as they are.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Shape } from './shape';
import { ALL_SHAPES } from './shapes';

const PERFORMANCE_PAGE = path.resolve(__dirname, '../docs/PERFORMANCE.md');

export interface Section {
  /** Of letters, digits and `-`. Its place is that in {@link ORDER}; one that is not there comes last. */
  readonly id: string;
  /** All of it, with its heading (`## …`). `before`: what stood there so far, empty when nothing did. */
  readonly markdown: (before: string) => string | Promise<string>;
}

/** The id of the section of a shape. */
export const sectionId = ({ name }: Shape): string => `shape-${name}`;

/** The sections from top to bottom: those of the bench, then those of other commands. */
export const ORDER: readonly string[] = [
  'introduction',
  'targets',
  'method',
  ...[...new Set(ALL_SHAPES.map(({ group }) => group))].flatMap((group) => [
    `group-${group}`,
    ...ALL_SHAPES.filter((shape) => shape.group === group).map(sectionId),
  ]),
  'limit',
  'growth',
  'aims',
  'micro',
];

const HEAD = `# Performance

<!-- Written by \`npm run bench -- --write\` and its kin; do not edit: what stands between markers is replaced. -->
`;

const startOf = (id: string): string => `<!-- section ${id} -->`;
const endOf = (id: string): string => `<!-- end of ${id} -->`;

const SECTION = /^<!-- section ([\w-]+) -->\n([\s\S]*?)\n<!-- end of \1 -->$/gm;

/** The sections of a page, by id. */
export const sectionsOf = (page: string): ReadonlyMap<string, string> =>
  new Map([...page.matchAll(SECTION)].map(([, id = '', markdown = '']) => [id, markdown.trim()]));

const place = (id: string): number => (ORDER.includes(id) ? ORDER.indexOf(id) : ORDER.length);

/** The page with `sections` in it: in place of those of the same id, or where {@link ORDER} puts them. */
export const withSections = async (page: string, sections: readonly Section[]): Promise<string> => {
  const all = new Map(sectionsOf(page));
  for (const { id, markdown } of sections) all.set(id, (await markdown(all.get(id) ?? '')).trim());
  const sorted = [...all].sort(([a], [b]) => place(a) - place(b));
  return [HEAD, ...sorted.map(([id, markdown]) => `${startOf(id)}\n\n${markdown}\n\n${endOf(id)}\n`)].join('\n');
};

const readPage = async (): Promise<string> => {
  try {
    return await readFile(PERFORMANCE_PAGE, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '';
    throw error;
  }
};

/** Writes these sections into docs/PERFORMANCE.md; the others stay. */
export const writeSections = async (sections: readonly Section[]): Promise<void> => {
  await writeFile(PERFORMANCE_PAGE, await withSections(await readPage(), sections));
};

/** A table; cells may hold anything but line breaks. `words`: the columns that stand to the left, as words do. */
export const markdownTable = (
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  words: readonly number[] = [0],
): string => {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [
    line(heads),
    `|${heads.map((_, i) => (words.includes(i) ? '---' : '--:')).join('|')}|`,
    ...rows.map(line),
  ].join('\n');
};
