import {
  BACK_MS,
  connectionsAHost,
  END_MS,
  GONE_MS,
  OUTAGES,
  perSecond,
  returnedAfter,
  simulate,
  type Fleet,
} from './fleet';

const HOSTS = 40;
/** librdkafka's reconnect.backoff.max.ms, the longest rest, and by how much it is jittered. */
const LONGEST_REST_MS = 10_000 * 1.2;
/** From then on all rests are the longest ones. */
const SETTLED_MS = GONE_MS + 20_000;

describe.each(OUTAGES)('many hosts, and $name away for a minute', (outage) => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await simulate(outage, HOSTS);
  }, 60_000);

  it('attempt a few times at first, and then each broker once in about reconnect.backoff.max.ms', () => {
    const attempts = perSecond(fleet, GONE_MS, BACK_MS);
    expect(Math.max(...attempts)).toBeLessThanOrEqual(5 * outage.away * HOSTS);
    const settled = perSecond(fleet, SETTLED_MS, BACK_MS);
    const inAll = settled.reduce((sum, count) => sum + count, 0);
    expect(inAll).toBeLessThanOrEqual(((BACK_MS - SETTLED_MS) / 8000) * outage.away * HOSTS);
    expect(Math.max(...settled)).toBeLessThanOrEqual(0.4 * outage.away * HOSTS);
  });

  it('do not come back all at once, and are all back within the longest rest', () => {
    const attempts = perSecond(fleet, BACK_MS, END_MS);
    expect(Math.max(...attempts)).toBeLessThanOrEqual(0.6 * outage.away * HOSTS);
    if (outage.away === outage.brokers) expect(returnedAfter(fleet, 1)).toBeLessThanOrEqual(LONGEST_REST_MS);
    expect(fleet.waiting).toBe(0);
  });

  it('hold one connection to each broker', () => {
    expect(connectionsAHost(fleet)).toEqual({ most: outage.brokers, atTheEnd: outage.brokers });
  });
});
