import * as fc from 'fast-check';
import { connectionLimit } from '../../src/sources/connectionLimit';

describe('connectionLimit', () => {
  it.each([
    { limit: 40, open: 20, connections: 10 },
    { limit: 40, open: 31, connections: 4 },
    { limit: 1024, open: 24, connections: 500 },
    { limit: 20_000, open: 24, connections: 20_000 - 24 - 512 },
    { limit: 20, open: 20, connections: 1 },
    { limit: 20, open: 30, connections: 1 },
  ])('of $limit descriptors, $open open, it leaves $connections to connections', ({ limit, open, connections }) => {
    expect(connectionLimit(limit, open)).toBe(connections);
  });

  it('leaves as many for the rest, up to 512, wherever two are free', () => {
    fc.assert(
      fc.property(fc.nat(100_000), fc.integer({ min: 2, max: 100_000 }), (open, free) => {
        const connections = connectionLimit(open + free, open);
        expect(connections).toBeGreaterThanOrEqual(1);
        expect(free - connections).toBeGreaterThanOrEqual(Math.min(512, Math.floor(free / 2)));
      }),
    );
  });
});
