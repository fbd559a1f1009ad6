import type { Finding } from '../../../src/model';
import { probeCluster } from '../../../src/sinks/kafka/probeCluster';
import { testEnv } from '../../../src/testing/builders';
import { noBroker } from '../../support/endToEnd';
import { answers, closesAtOnce, isSilent, openFront, type Front, type Service } from '../../support/front';
import { freePorts } from '../../support/kafka';
import { settingsOf } from './settingsOf';

const fronts: Front[] = [];
afterEach(async () => {
  for (const front of fronts.splice(0)) await front.become(undefined);
});

const serviceAt = async (service: Service): Promise<string> => {
  const [port = 0] = await freePorts(1);
  const front = openFront(port);
  fronts.push(front);
  await front.become(service);
  return front.address;
};

const probe = (
  addresses: readonly string[],
  more: Readonly<Record<string, string>> = {},
  buckets: readonly string[] = ['b'],
): Promise<readonly Finding[]> =>
  probeCluster(
    settingsOf({ 'bootstrap.servers': addresses.join(','), ...more }),
    testEnv({ now: () => performance.now() }),
    { buckets, timeoutMs: 400 },
  );

describe('probeCluster', () => {
  it('says of each address what is wrong there, once', async () => {
    const [nobody, http, shut] = [
      await noBroker(),
      await serviceAt(answers('HTTP/1.1 400 Bad Request\r\n\r\n')),
      await serviceAt(closesAtOnce),
    ];
    const found = await probe([nobody, http, shut]);
    expect(found.map(({ place }) => place)).toEqual([`broker ${nobody}`, `broker ${http}`, `broker ${shut}`]);
    const [first, second, third] = found.map(({ problem }) => problem);
    expect(first).toMatch(/^nothing listens there \(ECONNREFUSED\); start the broker/);
    expect(second).toContain('an HTTP server');
    expect(third).toMatch(/clos/);
  });

  it('ends in time where nobody answers', async () => {
    const before = performance.now();
    const [found] = await probe([await serviceAt(isSilent)]);
    expect(performance.now() - before).toBeLessThan(2000);
    expect(found?.problem).toBeDefined();
  });

  it('reads certificates first', async () => {
    const found = await probe([await noBroker()], { 'security.protocol': 'ssl', 'ssl.ca.location': '/none.pem' });
    expect(found).toEqual([{ place: 'certificates', problem: expect.stringContaining('/none.pem') as unknown }]);
  });

  it('knows buckets that can never be topics', async () => {
    const found = await probe([await noBroker()], {}, ['a b', '..']);
    expect(found.slice(1)).toEqual([
      { place: 'topic a b', problem: expect.stringMatching(/^can never be: topic name has characters/) as unknown },
      { place: 'topic ..', problem: 'can never be: topic name is "." or ".."' },
    ]);
  });
});
