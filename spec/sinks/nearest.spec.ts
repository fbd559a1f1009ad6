import { nearest } from '../../src/sinks/nearest';

describe('nearest', () => {
  it.each([
    ['', ['slice'], undefined],
    ['slice', [], undefined],
    ['slice', ['slice'], 'slice'],
    ['slise', ['type', 'slice', 'settings'], 'slice'],
    ['SLICE', ['type', 'slice'], 'slice'],
    ['linger', ['linger.ms', 'acks'], undefined],
    ['lingerms', ['linger.ms', 'acks'], 'linger.ms'],
    ['bootstrap.server', ['bootstrap.servers', 'client.id'], 'bootstrap.servers'],
    ['comression.codec', ['compression.codec', 'compression.level'], 'compression.codec'],
    ['x'.repeat(10_000), ['xx'], undefined],
  ])('%s of %j is %s', (name, names, found) => expect(nearest(name, names)).toBe(found));
});
