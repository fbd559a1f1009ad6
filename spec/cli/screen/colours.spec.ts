import { coloursFor } from '../../../src/cli/screen/colours';

describe('coloursFor', () => {
  it('has colours for a terminal', () => {
    expect(coloursFor(true, { TERM: 'xterm', NO_COLOR: '' }).bad('x')).toBe('\u001b[31mx\u001b[39m');
  });

  it.each([
    [false, { TERM: 'xterm' }],
    [true, { TERM: 'dumb' }],
    [true, { TERM: 'xterm', NO_COLOR: '1' }],
  ])('has none for others, nor where its user wants none: %j %j', (isTerminal, environment) => {
    expect(coloursFor(isTerminal, environment).bad('x')).toBe('x');
  });
});
