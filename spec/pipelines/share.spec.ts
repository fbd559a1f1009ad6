import { createHeld } from '../../src/control/held';
import { shareOf } from '../../src/pipelines/share';
import { backupConfig } from '../support/builders';

const held = createHeld({ high: 1200, low: 600 });
const own = { messages: 10, bytes: 1e9 };
const backup = backupConfig('file');

describe('shareOf', () => {
  it('is its part of the low mark where a backup takes over', () => {
    expect(shareOf({ config: { backup }, primary: {} }, held, 3)).toEqual({
      messages: Infinity,
      bytes: Infinity,
      heldBytes: 200,
    });
  });

  it('keeps what its own settings say beside it', () => {
    expect(shareOf({ config: { backup }, primary: { share: own } }, held, 2)).toEqual({ ...own, heldBytes: 300 });
  });

  it.each([
    ['without a backup', {}, 3],
    ['of a single stream', { backup }, 1],
  ])('is what its own settings say %s', (_, config, streams) => {
    expect(shareOf({ config, primary: { share: own } }, held, streams)).toBe(own);
    expect(shareOf({ config, primary: {} }, held, streams)).toBeUndefined();
  });
});
