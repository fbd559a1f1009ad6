import * as E from 'fp-ts/Either';
import { VirtualTimeScheduler } from 'rxjs';
import { createBrokers, type BrokersOptions, type Reachability } from '../../../src/sinks/kafka/brokers';
import { produceRequest } from '../../../src/sinks/kafka/requests';
import { createTimers } from '../../../src/sinks/kafka/timers';
import { memoryLog } from '../../../src/testing/builders';
import { advance, fakeCluster } from './fakeCluster';

const REQUEST = produceRequest([], -1, 30_000);

/** The real brokers over connections in memory. Randomness is 0.5 throughout: every delay is its plain value. */
const open = (options: Partial<BrokersOptions> = {}) => {
  const scheduler = new VirtualTimeScheduler();
  const cluster = fakeCluster(scheduler);
  const log = memoryLog();
  const health: Reachability[] = [];
  const start = () => {
    const brokers = createBrokers({
      seeds: ['a:1'],
      clientId: 'spec',
      connectionSetupTimeoutMs: 30_000,
      keepAlive: false,
      noDelay: true,
      allowAutoCreateTopics: true,
      requestTimeoutMs: 10_000,
      produceTimeoutMs: 35_000,
      reconnect: { firstMs: 100, maxMs: 10_000, random: () => 0.5 },
      logConnectionClose: true,
      log,
      timers: createTimers(scheduler),
      connectBroker: cluster.from('host'),
      ...options,
    });
    brokers.health$.subscribe((state) => health.push(state));
    return brokers;
  };
  return {
    cluster,
    start,
    health,
    log,
    to: (ms: number) => advance(scheduler, ms),
    /** When each address was tried. */
    tries: () => cluster.tried.map(({ address, atMs }) => `${address} at ${atMs}`),
    standing: () => cluster.standing().map(({ address }) => address),
  };
};

/** Three brokers at a:1, b:1 and c:1. */
const three = (options: Partial<BrokersOptions> = {}) => {
  const opened = open(options);
  ['a:1', 'b:1', 'c:1'].forEach((address, n) => {
    opened.cluster.nodes.set(n + 1, address);
    opened.cluster.put(address, 'broker');
  });
  return opened;
};

describe('createBrokers', () => {
  describe('finds a broker', () => {
    it('at the seed, and keeps one connection', async () => {
      const { cluster, start, health, to, standing } = open();
      cluster.put('a:1', 'broker');
      start();
      await to(60_000);
      expect(standing()).toEqual(['a:1']);
      expect(cluster.tried).toHaveLength(1);
      expect(health).toEqual([{ state: 'down', cause: 'not connected yet' }, { state: 'up' }]);
    });

    it('at any seed, from one drawn at random', async () => {
      const { cluster, start, to, tries } = open({ seeds: ['a:1', 'b:1', 'c:1'] });
      for (const address of ['a:1', 'b:1', 'c:1']) cluster.put(address, 'broker');
      start();
      await to(60_000);
      expect(tries()).toEqual(['b:1 at 0']);
    });

    it('beside one that is silent, which it no longer waits for', async () => {
      const { cluster, start, to, tries, standing } = open({ seeds: ['a:1', 'b:1', 'c:1'] });
      cluster.put('b:1', 'silence');
      cluster.put('c:1', 'silence');
      cluster.put('a:1', 'broker');
      start();
      await to(60_000);
      expect(tries()).toEqual(['b:1 at 0', 'c:1 at 500', 'a:1 at 1000']);
      expect(standing()).toEqual(['a:1']);
      expect(cluster.tried.map(({ endMs }) => endMs)).toEqual([1002, 1002, undefined]);
    });

    it('when there is one again, with rests that double up to reconnect.backoff.max.ms, and warns once', async () => {
      const { cluster, start, health, log, to, tries } = open();
      start();
      await to(19_000);
      cluster.put('a:1', 'broker');
      await to(60_000);
      const starts = [0, 102, 304, 706, 1508, 3110, 6312, 12_714, 22_716];
      expect(tries()).toEqual(starts.map((ms) => `a:1 at ${ms}`));
      expect(health[1]).toEqual({ state: 'down', cause: 'a:1: refused' });
      expect(health.at(-1)).toEqual({ state: 'up' });
      expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([
        {
          level: 'warn',
          message: 'broker not connected',
          fields: { broker: 'a:1', cause: 'a:1: refused' },
        },
      ]);
      expect(log.lines.at(-1)).toEqual({ level: 'info', message: 'broker connected', fields: { broker: 'a:1' } });
    });

    it('at the seeds again, when all the addresses that the cluster named are gone', async () => {
      const { cluster, start, health, to, standing } = open({ seeds: ['seed:1'] });
      cluster.put('seed:1', 'broker');
      cluster.put('a:1', 'broker');
      cluster.nodes.set(1, 'a:1');
      const brokers = start();
      void brokers.topics(['t']).then(() => brokers.connect(1));
      await to(1000);
      expect(standing()).toEqual(['a:1']);
      cluster.put('a:1', 'nobody');
      cluster.put('moved:1', 'broker');
      cluster.nodes.set(1, 'moved:1');
      await to(2000);
      expect(standing()).toEqual(['seed:1']);
      void brokers.topics(['t']).then(() => brokers.connect(1));
      await to(60_000);
      expect(standing()).toEqual(['moved:1']);
      expect(health.at(-1)).toEqual({ state: 'up' });
      expect(cluster.tried.filter(({ atMs }) => atMs > 2000).map(({ address }) => address)).toEqual(['moved:1']);
    });
  });

  describe('connects to brokers by number', () => {
    it('where the cluster says they are, each once', async () => {
      const { start, to, standing } = three();
      const brokers = start();
      void brokers.topics(['t']).then(() => Promise.all([2, 3, 2, 3].map((id) => brokers.connect(id))));
      await to(1000);
      expect(standing().sort()).toEqual(['a:1', 'b:1', 'c:1']);
      expect([1, 2, 3, 4].map((id) => brokers.isConnected(id))).toEqual([true, true, true, false]);
    });

    it('and says that it knows no address only after a while, for who asks at once again', async () => {
      const { start, to } = three();
      const brokers = start();
      let answered = 0;
      const again = async (): Promise<void> => {
        for (;;) {
          expect(await brokers.connect(7)).toEqual(E.left('address not known'));
          answered += 1;
        }
      };
      void again();
      await to(1050);
      expect(answered).toBe(10);
    });

    it('and lets who waits ask anew who leads, while the broker has its rest', async () => {
      const { cluster, start, to } = three();
      const brokers = start();
      await to(100);
      void brokers.topics(['t']);
      await to(200);
      cluster.put('b:1', 'nobody');
      const answers: unknown[] = [];
      const again = async (): Promise<void> => {
        for (;;) answers.push(await brokers.connect(2));
      };
      void again();
      await to(20_200);
      const tries = cluster.tried.filter(({ address }) => address === 'b:1').length;
      expect(tries).toBe(8);
      expect(answers.length).toBeGreaterThan(19);
      expect(new Set(answers.map((one) => JSON.stringify(one)))).toEqual(
        new Set([JSON.stringify(E.left('b:1: refused'))]),
      );
    });

    it('that are new, and forgets those that are gone', async () => {
      const { cluster, start, to, standing, tries } = three();
      const brokers = start();
      void brokers.topics(['t']).then(() => Promise.all([1, 2, 3].map((id) => brokers.connect(id))));
      await to(1000);
      cluster.nodes.delete(3);
      cluster.nodes.set(4, 'd:1');
      cluster.put('d:1', 'broker');
      void brokers.topics(['t']).then(() => brokers.connect(4));
      await to(2000);
      expect(standing().sort()).toEqual(['a:1', 'b:1', 'd:1']);
      expect(brokers.isConnected(3)).toBe(false);
      for (const address of ['a:1', 'b:1', 'd:1', 'c:1']) cluster.put(address, 'nobody');
      await to(60_000);
      expect(tries().filter((one) => one.startsWith('c:1') && Number(one.split(' ').at(-1)) > 1000)).toEqual([]);
    });

    it('at another address once one has moved, after what is on its way has its answer', async () => {
      const { cluster, start, to, standing } = three();
      const brokers = start();
      void brokers.topics(['t']).then(() => brokers.connect(2));
      await to(1000);
      cluster.put('d:1', 'broker');
      cluster.nodes.set(2, 'd:1');
      // Its answer comes after that of the metadata.
      const metadata = brokers.topics(['t']);
      await to(1001);
      const produced = brokers.produce(2, REQUEST);
      await to(1002);
      await metadata;
      expect(brokers.isConnected(2)).toBe(false);
      expect(standing().sort()).toEqual(['a:1', 'b:1']);
      await to(1003);
      expect(await produced).toEqual(E.right({ partitions: [], throttleMs: 0 }));
      expect(standing()).toEqual(['a:1']);
      void brokers.connect(2);
      await to(2000);
      expect(standing().sort()).toEqual(['a:1', 'd:1']);
    });

    it('as it knew them when an answer names none', async () => {
      const { cluster, start, to } = three();
      const brokers = start();
      void brokers.topics(['t']);
      await to(1000);
      cluster.nodes.clear();
      void brokers.topics(['t']).then(() => brokers.connect(2));
      await to(2000);
      expect(brokers.isConnected(2)).toBe(true);
    });

    it('and closes the connection to a seed that is none of them', async () => {
      const { start, cluster, to, standing } = three({ seeds: ['balancer:1'] });
      cluster.put('balancer:1', 'broker');
      const brokers = start();
      void brokers.topics(['t']);
      await to(1000);
      expect(standing()).toEqual(['balancer:1']);
      void brokers.connect(3);
      await to(2000);
      expect(standing()).toEqual(['c:1']);
    });

    it('and in the end keeps only those that batches go to', async () => {
      const { start, cluster, to, standing } = three();
      const brokers = start();
      void brokers.topics(['t']).then(() => Promise.all([2, 3].map((id) => brokers.connect(id))));
      await to(1000);
      for (let ms = 0; ms < 1_000_000; ms += 100_000) {
        void brokers.produce(3, REQUEST);
        void brokers.topics(['t']);
        await to(1000 + ms);
      }
      expect(standing()).toEqual(['c:1']);
      expect(new Set(cluster.requests.slice(-6).map(({ address }) => address))).toEqual(new Set(['c:1']));
    });

    it('and keeps one that is not used, if it is the only one', async () => {
      const { start, cluster, to, standing } = open();
      cluster.put('a:1', 'broker');
      start();
      await to(2_000_000);
      expect(standing()).toEqual(['a:1']);
      expect(cluster.tried).toHaveLength(1);
    });
  });

  describe('when a connection is lost', () => {
    it('that was idle, is quiet and connects again within reconnect.backoff.ms', async () => {
      const { start, cluster, log, health, to, tries } = open();
      cluster.put('a:1', 'broker');
      start();
      for (let n = 1; n <= 10; n += 1) {
        await to(n * 600_000);
        cluster.closeAll('a:1');
      }
      await to(6_100_000);
      expect(tries().slice(1)).toEqual(Array.from({ length: 10 }, (_, n) => `a:1 at ${(n + 1) * 600_000 + 50}`));
      expect(health.slice(1)).toEqual([{ state: 'up' }]);
      expect(new Set(log.lines.map(({ level, message }) => `${level}: ${message}`))).toEqual(
        new Set(['debug: broker connected', 'info: broker connection closed']),
      );
      expect(log.lines[1]?.fields).toEqual({ broker: 'a:1', cause: 'a:1: closed by the broker' });
    });

    it('says so only for finding errors where log.connection.close is false', async () => {
      const { start, cluster, log, to } = open({ logConnectionClose: false });
      cluster.put('a:1', 'broker');
      start();
      await to(1000);
      cluster.closeAll('a:1');
      await to(2000);
      expect(new Set(log.lines.map(({ level }) => level))).toEqual(new Set(['debug']));
    });

    it('that was idle, and the broker is gone: is down after the first attempt', async () => {
      const { start, cluster, health, to } = open();
      cluster.put('a:1', 'broker');
      start();
      await to(20_000);
      cluster.put('a:1', 'nobody');
      await to(20_051);
      expect(health.at(-1)).toEqual({ state: 'up' });
      await to(20_052);
      expect(health.at(-1)).toEqual({ state: 'down', cause: 'a:1: refused' });
    });

    it('while something is on its way, is down at once, and does not know what became of that', async () => {
      const { start, cluster, health, to } = three();
      const brokers = start();
      void brokers.topics(['t']);
      await to(1000);
      const produced = brokers.produce(1, REQUEST);
      await to(1001);
      cluster.put('a:1', 'nobody');
      expect(await produced).toEqual(E.left({ kind: 'unknown', message: 'a:1: closed by the broker' }));
      expect(health.at(-1)).toEqual({ state: 'down', cause: 'a:1: closed by the broker' });
    });

    it('and another one stands, is up', async () => {
      const { start, cluster, health, to, standing } = three();
      const brokers = start();
      void brokers.topics(['t']).then(() => brokers.connect(2));
      await to(1000);
      void brokers.produce(1, REQUEST);
      await to(1001);
      cluster.put('a:1', 'nobody');
      await to(20_000);
      expect(health.slice(1)).toEqual([{ state: 'up' }]);
      expect(standing()).toEqual(['b:1']);
      expect(cluster.tried.filter(({ address }) => address === 'a:1')).toHaveLength(1);
    });

    it('again and again before it answers anything, takes longer and longer rests', async () => {
      const { start, cluster, to, tries } = open();
      cluster.put('a:1', 'closes');
      start();
      await to(30_000);
      expect(tries()).toEqual([0, 103, 306, 709, 1512, 3115, 6318, 12_721, 22_724].map((ms) => `a:1 at ${ms}`));
    });

    it('answers nobody any more after a while, since the request before it had no answer', async () => {
      const { start, cluster, health, to } = open();
      cluster.put('a:1', 'broker');
      const brokers = start();
      await to(1000);
      cluster.put('a:1', 'silence');
      const asked = brokers.producerId();
      await to(11_000);
      expect(await asked).toEqual(E.left({ kind: 'unknown', message: 'a:1: no answer' }));
      expect(health.at(-1)).toMatchObject({ state: 'down' });
    });
  });

  it('sends nothing to a broker that is not connected', async () => {
    const { start, to } = three();
    const brokers = start();
    await to(1000);
    expect(await brokers.produce(2, REQUEST)).toEqual(E.left({ kind: 'not_sent', message: 'not connected' }));
  });

  it('asks once there is a broker', async () => {
    const { start, cluster, to } = three();
    for (const address of ['a:1', 'b:1', 'c:1']) cluster.put(address, 'nobody');
    const asked = start().producerId();
    await to(1000);
    cluster.put('a:1', 'broker');
    await to(20_000);
    expect(await asked).toMatchObject(E.right({ code: 0, producerId: 1n }));
  });

  it('closes everything, and tries nothing more', async () => {
    const { start, cluster, health, to, standing } = three();
    const brokers = start();
    void brokers.topics(['t']).then(() => brokers.connect(2));
    await to(1000);
    cluster.put('c:1', 'silence');
    void brokers.connect(3);
    await to(1100);
    brokers.close();
    expect(await brokers.producerId()).toMatchObject(E.left({ kind: 'not_sent' }));
    await to(100_000);
    expect(standing()).toEqual([]);
    expect(cluster.tried).toHaveLength(3);
    expect(health.slice(1)).toEqual([{ state: 'up' }]);
  });
});
