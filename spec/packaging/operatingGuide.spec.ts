/** Whether the log lines of the operations guide are those of the program. */
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const ROOT = path.resolve(__dirname, '../..');
const GUIDE = readFileSync(path.join(ROOT, 'docs/operating.md'), 'utf8');

const below = (folder: string): readonly string[] =>
  readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const file = path.join(folder, entry.name);
    return entry.isDirectory() ? below(file) : [file];
  });
const program = below(path.join(ROOT, 'src'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => readFileSync(file, 'utf8'))
  .join('\n');

/** The lines of the log that the tables of failures begin with. */
const lines = GUIDE.slice(GUIDE.indexOf('## What you see'), GUIDE.indexOf('## Upgrading'))
  .split('\n')
  .filter((line) => line.startsWith('| `'))
  .flatMap((line) => (line.split(' | ')[0] ?? '').match(/`[^`]+`/g) ?? [])
  .map((text) => text.slice(1, -1))
  // Sentences that are put together from what was found, and codes of the system.
  .filter((text) => !text.includes('…') && !/^[A-Z]+$/.test(text));

describe('the operations guide', () => {
  it('has log lines', () => {
    expect(lines.length).toBeGreaterThan(40);
  });

  it.each(lines)('names a line of the log: %s', (line) => {
    expect(program).toContain(`'${line}'`);
  });
});
