import * as E from 'fp-ts/Either';
import { VirtualTimeScheduler } from 'rxjs';
import type { Brokers } from '../../../src/sinks/kafka/brokers';
import { Metadata } from '../../../src/sinks/kafka/metadata';
import type { TopicAnswer } from '../../../src/sinks/kafka/requests';
import { createTimers } from '../../../src/sinks/kafka/timers';
import { Topic } from '../../../src/sinks/kafka/topic';
import { advance } from './fakeCluster';

type Answer = Awaited<ReturnType<Brokers['topics']>>;

const answerOf = (topic: string): TopicAnswer => ({ topic, code: 0, leaders: [1] });
const NO_ANSWER: Answer = E.left({ kind: 'unknown', message: 'connection lost' });

/** A topic of which only the name and the count of failures matter here. */
const topicOf = (name: string, idle = false): Topic => {
  const topic = Object.create(Topic.prototype, {
    name: { value: name },
    failures: { value: 0, writable: true },
    isIdle: { value: idle },
  }) as unknown;
  if (!(topic instanceof Topic)) throw new Error('a topic expected');
  return topic;
};

/** Every answer takes a millisecond. */
const open = (answer: (names: readonly string[]) => Answer = (names) => E.right(names.map(answerOf))) => {
  const scheduler = new VirtualTimeScheduler();
  const timers = createTimers(scheduler);
  const asked: string[] = [];
  const heard: string[] = [];
  let says: 'known' | 'ask again' = 'known';
  const metadata = new Metadata({
    brokers: {
      topics: (names) =>
        new Promise((resolve) => {
          asked.push(`${names.join(',')} at ${scheduler.frame}`);
          timers.after(1, () => resolve(answer(names)));
        }),
    },
    retry: { firstMs: 100, maxMs: 1000, random: () => 0.5 },
    timers,
    onAnswer: ({ name }, { topic, code }) => {
      heard.push(`${name}: ${topic} ${code}`);
      return says;
    },
  });
  return {
    metadata,
    asked,
    heard,
    say: (next: typeof says) => (says = next),
    to: (ms: number) => advance(scheduler, ms),
  };
};

describe('Metadata', () => {
  it('asks nothing by itself', async () => {
    const { asked, to } = open();
    await to(10_000);
    expect(asked).toEqual([]);
  });

  it('asks once for all that is wanted in the same turn, and for each topic once', async () => {
    const { metadata, asked, heard, to } = open();
    const a = topicOf('a');
    for (const topic of [a, topicOf('b'), a]) metadata.want(topic);
    await to(10_000);
    expect(asked).toEqual(['a,b at 0']);
    expect(heard).toEqual(['a: a 0', 'b: b 0']);
  });

  it('asks at once again for what is wanted while a request is on its way, in one', async () => {
    const { metadata, asked, to } = open();
    const a = topicOf('a');
    metadata.want(a);
    await to(0.5);
    for (const topic of [topicOf('b'), a, topicOf('c')]) metadata.want(topic);
    await to(10_000);
    expect(asked).toEqual(['a at 0', 'b,a,c at 1']);
  });

  it('asks again with growing rests as long as it has to, whatever else wants the topic, and not for others', async () => {
    const { metadata, asked, say, to } = open();
    const a = topicOf('a');
    say('ask again');
    metadata.want(a);
    await to(50);
    metadata.want(a);
    await to(2000);
    say('known');
    await to(10_000);
    expect(asked).toEqual([0, 101, 302, 703, 1504, 2505].map((ms) => `a at ${ms}`));
    expect(a.failures).toBe(0);
  });

  it('leaves off when nobody writes to the topic any more', async () => {
    const { metadata, asked, say, to } = open();
    say('ask again');
    metadata.want(topicOf('a', true));
    await to(10_000);
    expect(asked).toEqual(['a at 0']);
  });

  it('asks again after an answer that says nothing of the topic', async () => {
    const { metadata, asked, heard, to } = open((names) => E.right(names.filter((name) => name !== 'a').map(answerOf)));
    metadata.want(topicOf('a'));
    metadata.want(topicOf('b'));
    await to(350);
    expect(asked).toEqual(['a,b at 0', 'a at 101', 'a at 302']);
    expect(heard).toEqual(['b: b 0']);
  });

  it('asks again when no answer came', async () => {
    const answers = [NO_ANSWER, NO_ANSWER];
    const { metadata, asked, heard, to } = open((names) => answers.shift() ?? E.right(names.map(answerOf)));
    metadata.want(topicOf('a'));
    await to(10_000);
    expect(asked).toEqual(['a at 0', 'a at 101', 'a at 302']);
    expect(heard).toEqual(['a: a 0']);
  });
});
