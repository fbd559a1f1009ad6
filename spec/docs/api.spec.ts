import { codeBlocks, problemsOf } from './codeBlocks';

describe('docs/api.md', () => {
  it('shows code that compiles', () => {
    const blocks = codeBlocks('docs/api.md').filter(({ language }) => language === 'ts');
    expect(blocks).toHaveLength(3);
    expect(problemsOf(blocks)).toEqual([]);
  }, 60_000);
});
