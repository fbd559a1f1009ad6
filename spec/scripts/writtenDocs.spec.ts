import { readFileSync } from 'node:fs';
import { BUCKETS_SCHEMA_FILE, bucketsSchemaFile } from '../../scripts/bucketsSchemaFile';
import { CONFIGURATION_PAGE, configurationPage } from '../../scripts/configurationPage';
import { FILES_PAGE, filesPage } from '../../scripts/filesPage';
import { keyTable, withTables } from '../../scripts/tables';
import { KEYS } from '../../src/config/bucketsCodecs';
import { Variables } from '../../src/config/variables';

describe('docs that are made of code', () => {
  it(`${BUCKETS_SCHEMA_FILE} is as committed: \`npm run docs\` writes it`, () =>
    expect(readFileSync(BUCKETS_SCHEMA_FILE, 'utf8')).toBe(bucketsSchemaFile()));

  it.each([
    [CONFIGURATION_PAGE, configurationPage],
    [FILES_PAGE, filesPage],
  ])('%s is as committed: `npm run docs` writes its tables', (name, written) => {
    const page = readFileSync(name, 'utf8');
    expect(page).toBe(written(page));
  });

  it('the page has every key and every variable, with what it does', () => {
    const page = readFileSync(CONFIGURATION_PAGE, 'utf8');
    const { root, stream, bucket, backup, failover } = KEYS;
    const keys = [
      ...[...root, ...stream, ...bucket, ...Object.keys(Variables.props)],
      ...backup.filter((key) => key !== 'type' && key !== 'settings').map((key) => `backup.${key}`),
      ...failover.map((key) => `failover.${key}`),
    ];
    for (const key of keys)
      expect(page).toMatch(new RegExp(`^\\| \`${key.replace('.', '\\.')}\` \\| .+ \\| .+ \\| [A-Z\`].+ \\|$`, 'm'));
  });
});

describe('keyTable', () => {
  it('has a row for each key, and for those inside of it', () =>
    expect(
      keyTable({
        type: 'object',
        required: ['a'],
        properties: {
          a: { title: 'one of x, y', description: 'first | second' },
          b: { title: 'a time such as 30s or 30000 (ms), from 0 ms to 3600000 ms', default: '1s' },
          c: {
            anyOf: [
              { type: 'object', properties: { d: { title: 'true or false', default: false } } },
              { type: 'null' },
            ],
          },
        },
      }).split('\n'),
    ).toEqual([
      '| key | default | values | what it does |',
      '| --- | --- | --- | --- |',
      '| `a` | needed | `x`, `y` | First \\| second |',
      '| `b` | `1s` | a time, 0 ms to 1 h |  |',
      '| `c` | none | an object with `d` |  |',
      '| `c.d` | `false` | true or false |  |',
    ]));
});

describe('withTables', () => {
  const page = 'Words.\n\n<!-- table of a, written by `npm run docs` -->\nold\n<!-- end of a -->\n\nMore.';

  it('replaces what stands between the markers, and nothing else', () => {
    const written = withTables(page, { a: '| new |' });
    expect(written).toBe(page.replace('\nold\n', '\n\n| new |\n\n'));
    expect(withTables(written, { a: '| new |' })).toBe(written);
  });

  it('misses markers that are not there', () =>
    expect(() => withTables(page, { b: '' })).toThrow('expected <!-- table of b,'));
});
