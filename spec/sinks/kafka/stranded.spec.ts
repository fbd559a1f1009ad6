import { NEVER, Subject, VirtualTimeScheduler, type Observable } from 'rxjs';
import type { Batch, Health } from '../../../src/model';
import { encodeFrame } from '../../../src/wire/frame';
import { batchOfRun } from '../../../src/testing/builders';
import { advance, fakeCluster } from './fakeCluster';
import { openHost } from './fleet';
import { settingsOf } from './settingsOf';

/** One message: 'a' goes to the first of three partitions, 'user:42' to the second. */
const keyed = (key: string): Batch => batchOfRun('topic', [encodeFrame('topic', 'message', key)]);

/** The real sink and two brokers in memory, of which 2 leads the first partition and 1 the second; and its health as it goes. */
const open = async () => {
  const scheduler = new VirtualTimeScheduler();
  const cluster = fakeCluster(scheduler);
  for (const id of [1, 2]) {
    cluster.nodes.set(id, `broker${id}:1`);
    cluster.put(`broker${id}:1`, 'broker');
  }
  cluster.leaders = [2, 1, 1];
  const sink = openHost('host', settingsOf({ 'bootstrap.servers': 'broker1:1' }), cluster, scheduler, () => 0.5);
  const seen: Health[] = [];
  sink.health$.subscribe((health) => seen.push(health));
  const write = (key: string, giveUp$: Observable<unknown> = NEVER): void => {
    sink.write(keyed(key), giveUp$).subscribe({ error: () => undefined });
  };
  /** Lets time pass, in which the second partition takes a message each 100 ms. */
  const to = async (ms: number): Promise<void> => {
    while (scheduler.frame < ms) {
      write('user:42');
      await advance(scheduler, scheduler.frame + 100);
    }
  };
  write('a');
  await to(1000);
  seen.splice(0);
  return { cluster, seen, write, to };
};

const topicDown = (cause: string): Health => ({
  state: 'topicsDown',
  topics: new Map([['topic', expect.stringContaining(cause) as string]]),
});

describe('a partition that takes nothing while the others do', () => {
  it('is told of when its leader cannot be reached for 10 s, until it takes messages', async () => {
    const { cluster, seen, write, to } = await open();
    cluster.put('broker2:1', 'nobody');
    await to(2000);
    write('a');
    await to(11_000);
    expect(seen).toEqual([]);
    await to(25_000);
    expect(seen).toEqual([topicDown('broker 2: broker2:1: refused')]);
    cluster.put('broker2:1', 'broker');
    await to(40_000);
    expect(seen.map(({ state }) => state)).toEqual(['topicsDown', 'up']);
  });

  it('is told of as soon as a leader is lost that has said nothing for longer', async () => {
    const { cluster, seen, write, to } = await open();
    cluster.put('broker2:1', 'silence');
    write('a');
    await to(36_000);
    expect(seen).toEqual([]);
    await to(40_000);
    expect(seen).toEqual([topicDown('broker 2: ')]);
  });

  it('is told of as long as it has no leader', async () => {
    const { cluster, seen, write, to } = await open();
    cluster.leaders = [-1, 1, 1];
    cluster.put('broker2:1', 'nobody');
    write('a');
    await to(30_000);
    expect(seen).toEqual([topicDown('no leader')]);
    cluster.put('broker2:1', 'broker');
    cluster.leaders = [2, 1, 1];
    await to(40_000);
    expect(seen.map(({ state }) => state)).toEqual(['topicsDown', 'up']);
  });

  it.each([
    ['cannot be reached', 2],
    ['is nobody', -1],
  ])('is told of no more when nothing waits for a leader that %s', async (_, leader) => {
    const { cluster, seen, write, to } = await open();
    const giveUp$ = new Subject<void>();
    cluster.leaders = [leader, 1, 1];
    cluster.put('broker2:1', 'nobody');
    write('a', giveUp$);
    await to(20_000);
    giveUp$.next();
    await to(21_000);
    expect(seen.map(({ state }) => state)).toEqual(['topicsDown', 'up']);
  });

  it('is told of 10 s after a message waits, though its leader could not be reached before, when nothing waited', async () => {
    const { cluster, seen, write, to } = await open();
    const giveUp$ = new Subject<void>();
    cluster.put('broker2:1', 'nobody');
    write('a', giveUp$);
    await to(5000);
    giveUp$.next();
    await to(30_000);
    write('a');
    await to(39_000);
    expect(seen).toEqual([]);
    await to(50_000);
    expect(seen).toEqual([topicDown('broker 2: broker2:1: refused')]);
  });
});
