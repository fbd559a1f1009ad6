import { createHeld } from '../../../src/control/held';
import { fairShareOf } from '../../../src/pipelines/stream/share';

const held = createHeld({ high: 1200, low: 600 });

describe('fairShareOf', () => {
  it('is half of its part of the low mark, of as many streams as there are now', () => {
    let streams = 3;
    const share = fairShareOf(held, () => streams);
    expect(share()).toBe(100);
    streams = 2;
    expect(share()).toBe(150);
  });

  it('is no bound of a single stream', () => expect(fairShareOf(held, () => 1)()).toBe(Infinity));
});
