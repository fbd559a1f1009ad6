/** What docs/marble-tests.md shows is compiled and run, each block as a spec of ours. */
import path from 'node:path';
import { codeBlocks, compileBlocks, problemsOf } from './codeBlocks';

const BLOCKS = codeBlocks('docs/marble-tests.md').filter(({ language }) => language === 'ts');
const folder = compileBlocks(BLOCKS);

it('docs/marble-tests.md shows code that compiles', () => expect(problemsOf(BLOCKS)).toEqual([]), 60_000);

for (const { name } of BLOCKS)
  describe(`its ${name}`, () => void jest.requireActual(path.join(folder, name.replace(/ts$/, 'js'))));
