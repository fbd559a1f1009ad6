import { createHeld } from '../../src/control/held';
import { fairShareOf } from '../../src/pipelines/share';
import { backupConfig } from '../support/builders';

const held = createHeld({ high: 1200, low: 600 });
const backup = backupConfig('file');

describe('fairShareOf', () => {
  it('is half of its part of the low mark where a backup takes over', () =>
    expect(fairShareOf(backup, held, 3)).toBe(100));

  it.each([
    ['without a backup', undefined, 3],
    ['of a single stream', backup, 1],
  ])('is no bound %s', (_, of, streams) => expect(fairShareOf(of, held, streams)).toBeUndefined());
});
