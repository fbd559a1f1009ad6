import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { ROOT } from '../support/endToEnd';

const WITH_FOLDERS = ['packaging', 'clients', 'examples'];
const FOLDERS = ['.', 'docs', 'docs/decisions', ...WITH_FOLDERS.flatMap((name) => [name, ...folders(name)])];

function folders(name: string): readonly string[] {
  return readdirSync(path.join(ROOT, name), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${name}/${entry.name}`);
}

const PAGES = FOLDERS.flatMap((folder) =>
  readdirSync(path.join(ROOT, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name)),
);

const read = (page: string): string => readFileSync(path.join(ROOT, page), 'utf8');

/** As forges make it of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-');

const anchorsOf = (page: string): readonly string[] =>
  [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** What a link of this page does not lead to. */
const brokenLinks = (page: string): readonly string[] =>
  [...read(page).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [file = '', anchor] = target.split('#');
      const found = file === '' ? page : path.join(path.dirname(page), file);
      if (!existsSync(path.join(ROOT, found))) return true;
      return anchor !== undefined && found.endsWith('.md') && !anchorsOf(found).includes(anchor);
    });

describe('links between pages', () => {
  it('are there to be looked at', () => expect(PAGES).toEqual(expect.arrayContaining(['README.md', 'docs/http.md'])));

  it.each(PAGES)('of %s lead somewhere', (page) => expect(brokenLinks(page)).toEqual([]));
});
