import { markdownTable, ORDER, sectionsOf, withSections, type Section } from '../../bench/page';

const section = (id: string, markdown: string): Section => ({ id, markdown: () => markdown });

describe('withSections', () => {
  it('makes a page of no sections', async () => {
    const page = await withSections('', []);
    expect(page).toMatch(/^# Performance\n\n<!-- Written by /);
    expect(sectionsOf(page).size).toBe(0);
  });

  it('puts sections where the order has them, whatever order they come in, and unknown ones last', async () => {
    const page = await withSections('', [
      section('other', '## Other'),
      section('growth', '## Growth'),
      section('shape-bulk', '### Bulk'),
      section('introduction', 'Words.'),
    ]);
    expect([...sectionsOf(page).keys()]).toEqual(['introduction', 'shape-bulk', 'growth', 'other']);
  });

  it('replaces the sections of the same id and keeps the others as they are', async () => {
    const before = await withSections('', [section('method', 'old'), section('limit', '## Limit\n\n| a |\n|---|')]);
    const after = await withSections(before, [section('method', 'new'), section('aims', 'aims')]);
    expect([...sectionsOf(after)]).toEqual([
      ['method', 'new'],
      ['limit', '## Limit\n\n| a |\n|---|'],
      ['aims', 'aims'],
    ]);
  });

  it('is the same page when nothing is replaced', async () => {
    const page = await withSections('', [section('method', 'a\n\nb'), section('micro', 'c')]);
    expect(await withSections(page, [])).toBe(page);
  });

  it('hands a section what stood there, and what one before it in the same list has put there', async () => {
    const more = (text: string): Section => ({ id: 'targets', markdown: (before) => `${before}${text}` });
    const page = await withSections('', [more('a'), more('b')]);
    expect(sectionsOf(await withSections(page, [more('c')])).get('targets')).toBe('abc');
  });

  it('rejects when a section does, so that the page stays as it was', async () => {
    const failing: Section = { id: 'limit', markdown: () => Promise.reject(new Error('no figures')) };
    await expect(withSections('', [failing])).rejects.toThrow('no figures');
  });
});

describe('ORDER', () => {
  it('names each section once, groups before their shapes', () => {
    expect(new Set(ORDER).size).toBe(ORDER.length);
    expect(ORDER.indexOf('group-files')).toBeLessThan(ORDER.indexOf('shape-file'));
  });
});

describe('markdownTable', () => {
  it('puts figures to the right and takes a bar as text', () => {
    expect(markdownTable(['', 'n'], [['a|b', '1']])).toBe('|  | n |\n|---|--:|\n| a\\|b | 1 |');
  });
});
