import { NEVER, VirtualTimeScheduler } from 'rxjs';
import { randomFrom } from '../../support/random';
import { advance, fakeCluster } from './fakeCluster';
import { aBatch, openHost } from './fleet';
import { settingsOf } from './settingsOf';

/** The real sink and five brokers in memory; partitions are led by 2, 3 and 2. */
const open = (settings: object = {}, random = () => 0.5) => {
  const scheduler = new VirtualTimeScheduler();
  const cluster = fakeCluster(scheduler);
  for (const id of [1, 2, 3, 4, 5]) {
    cluster.nodes.set(id, `broker${id}:1`);
    cluster.put(`broker${id}:1`, 'broker');
  }
  cluster.leaders = [2, 3, 2];
  const decoded = settingsOf({ 'bootstrap.servers': 'broker1:1,broker5:1', ...settings });
  const sink = openHost('host', decoded, cluster, scheduler, random);
  return {
    cluster,
    to: (ms: number) => advance(scheduler, ms),
    standing: () =>
      cluster
        .standing()
        .map(({ address }) => address)
        .sort(),
    /** When each was acknowledged. */
    write: () => {
      const ended: number[] = [];
      sink.write(aBatch(), NEVER).subscribe({ complete: () => ended.push(scheduler.frame) });
      return ended;
    },
  };
};

describe('the Kafka sink and a cluster that changes', () => {
  it('connects to the leaders of what it writes, and to one broker more at most', async () => {
    const { to, write, standing } = open();
    const written = write();
    await to(1000);
    expect(written).toHaveLength(1);
    expect(standing()).toEqual(['broker2:1', 'broker3:1', 'broker5:1']);
    for (let ms = 100_000; ms <= 1_000_000; ms += 100_000) {
      write();
      await to(ms);
    }
    expect(standing()).toEqual(['broker2:1', 'broker3:1']);
  });

  it('sends to a new leader within retry.backoff.ms', async () => {
    const { cluster, to, write } = open();
    write();
    await to(1000);
    cluster.leaders = [4, 3, 1];
    const written = write();
    await to(2000);
    expect(written[0]).toBeLessThan(1000 + 120);
    expect(cluster.messages).toEqual([2, 2, 2]);
  });

  it('finds the leader that takes over from one that is gone within a second or so of its election', async () => {
    const { cluster, to, write } = open();
    write();
    await to(1000);
    cluster.put('broker2:1', 'nobody');
    const written = write();
    await to(20_000);
    expect(written).toEqual([]);
    cluster.nodes.delete(2);
    cluster.leaders = [1, 3, 1];
    await to(40_000);
    expect(written[0]).toBeLessThan(20_000 + 1500);
    expect(cluster.messages).toEqual([2, 2, 2]);
    expect(cluster.tried.filter(({ address, atMs }) => address === 'broker2:1' && atMs > 22_000)).toEqual([]);
  });

  it('asks about once a second while a leader is gone, not more', async () => {
    const { cluster, to, write } = open();
    write();
    await to(1000);
    cluster.put('broker2:1', 'nobody');
    write();
    await to(10_000);
    const before = cluster.requests.length;
    await to(40_000);
    expect(cluster.requests.length - before).toBeGreaterThan(25);
    expect(cluster.requests.length - before).toBeLessThan(40);
  });

  it.each([
    [1000, 6],
    [-1, 3],
  ])('with a refresh each %d ms writes to %d of the partitions once there are six', async (refreshMs, used) => {
    const { cluster, to, write } = open(
      { 'topic.metadata.refresh.interval.ms': refreshMs, partitioner: 'random' },
      randomFrom(1),
    );
    write();
    await to(500);
    cluster.leaders = [2, 3, 2, 4, 5, 1];
    for (let ms = 500; ms < 60_000; ms += 100) {
      write();
      await to(ms);
    }
    expect(cluster.messages.filter((count) => count > 0)).toHaveLength(used);
  });
});
