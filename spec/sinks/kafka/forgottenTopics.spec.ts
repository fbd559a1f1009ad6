import * as E from 'fp-ts/Either';
import { Subject, VirtualTimeScheduler } from 'rxjs';
import type { Health } from '../../../src/model';
import type { Brokers } from '../../../src/sinks/kafka/brokers';
import { batchOf } from '../../../src/testing/builders';
import type { Doing } from './fakeBrokers';
import { openFake } from './openFake';

describe('topics that nobody writes to', () => {
  it('are forgotten when there are too many, however seldom metadata is refreshed, and no topic that waits', async () => {
    const { write, run, brokers } = openFake({ metadataRefreshIntervalMs: -1 });
    let answer: (doing: Doing) => void = () => undefined;
    const answered = new Promise<Doing>((resolve) => (answer = resolve));
    brokers.doing = ({ topic }) => (topic === 'busy' ? { until: answered } : { code: 0 });
    const idsOf = (name: string): readonly string[] =>
      brokers.arrived.filter(({ topic }) => topic === name).map(({ producerId }) => producerId);
    for (const topic of ['first', 'busy']) {
      write(batchOf(topic, ['1']));
      await run();
    }
    for (let n = 0; n < 9_998; n += 1) write(batchOf(`topic${n}`, ['1']));
    await run();
    write(batchOf('first', ['2']));
    await run();
    expect(new Set(idsOf('first')).size).toBe(1);
    write(batchOf('more', ['1']));
    await run();
    write(batchOf('first', ['3']));
    await run();
    expect(new Set(idsOf('first')).size).toBe(2);
    expect(brokers.stored('first').flat().sort()).toEqual(['1', '2', '3']);
    // Its next message waits behind the first: a topic that begins anew would send it at once.
    write(batchOf('busy', ['2']));
    await run();
    expect(idsOf('busy')).toHaveLength(1);
    answer({ code: 0 });
    await run();
    expect(idsOf('busy')).toHaveLength(2);
    // Ten thousand topics.
  }, 30_000);

  it('are no trouble, whatever an answer that comes late says of them', async () => {
    const scheduler = new VirtualTimeScheduler(undefined, 2500);
    const { sink, brokers, write, turn } = openFake({ metadataRefreshIntervalMs: 1000 }, { scheduler });
    const seen: Health[] = [];
    sink.health$.subscribe((health) => seen.push(health));
    const giveUp$ = new Subject<void>();
    type Answer = Awaited<ReturnType<Brokers['topics']>>;
    let answer: (said: Answer) => void = () => undefined;
    brokers.topics = () => new Promise((resolve) => (answer = resolve));
    write(batchOf('topic', ['1']), giveUp$);
    await turn();
    giveUp$.next();
    for (const refreshes of [1, 2]) {
      scheduler.maxFrames = refreshes * 1000;
      scheduler.flush();
      await turn();
    }
    answer(E.right([{ topic: 'topic', code: 29, leaders: [] }]));
    await turn();
    expect(seen).toEqual([{ state: 'up' }]);
  });
});
