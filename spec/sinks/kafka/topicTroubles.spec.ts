import { TopicTroubles } from '../../../src/sinks/kafka/topicTroubles';
import { memoryLog } from '../../../src/testing/builders';

const create = () => {
  const log = memoryLog();
  const troubles = new TopicTroubles(log);
  const seen: Record<string, string>[] = [];
  troubles.all$.subscribe((topics) => seen.push(Object.fromEntries(topics)));
  return {
    troubles,
    seen,
    said: () => log.lines.map(({ message, fields }) => `${message}: ${String(fields['cause'])}`),
  };
};

describe('TopicTroubles', () => {
  it('never: has none', () => expect(create().seen).toEqual([{}]));

  it('shows a cause for each topic once a turn, and says it once', async () => {
    const { troubles, seen, said } = create();
    troubles.note('a', 'forbidden', 'produce');
    troubles.note('a', 'forbidden', 'produce');
    await Promise.resolve();
    troubles.note('b', 'unknown', 'metadata');
    troubles.note('c', 'unknown', 'metadata');
    troubles.clear('c', 'metadata');
    await Promise.resolve();
    expect(seen).toEqual([{}, { a: 'forbidden' }, { a: 'forbidden', b: 'unknown' }]);
    expect(said()).toEqual([
      'topic takes no messages: forbidden',
      'topic takes no messages: unknown',
      'topic takes no messages: unknown',
    ]);
  });

  it('a batch that went through ends what was known of the topic, but for other partitions', async () => {
    const { troubles, seen, said } = create();
    troubles.note('a', 'unknown', 'metadata');
    troubles.note('a', 'slow', 1);
    troubles.note('a', 'slow', 2);
    troubles.accepted('a', 1);
    await Promise.resolve();
    expect(seen.at(-1)).toEqual({ a: 'slow' });
    troubles.accepted('a', 2);
    await Promise.resolve();
    expect(seen.at(-1)).toEqual({});
    expect(said()).toEqual([
      'topic takes no messages: unknown',
      'topic takes no messages: slow',
      'topic takes messages again: undefined',
    ]);
  });

  it('what the cluster says does not end what a broker said', async () => {
    const { troubles, seen } = create();
    troubles.note('a', 'forbidden', 'produce');
    troubles.clear('a', 'metadata');
    await Promise.resolve();
    expect(seen.at(-1)).toEqual({ a: 'forbidden' });
  });

  it('does not repeat a cause that was gone for lack of messages', async () => {
    const { troubles, seen, said } = create();
    troubles.note('a', 'slow', 1);
    await Promise.resolve();
    troubles.clear('a', 1);
    await Promise.resolve();
    troubles.note('a', 'slow', 1);
    await Promise.resolve();
    expect(seen).toEqual([{}, { a: 'slow' }, {}, { a: 'slow' }]);
    expect(said()).toHaveLength(1);
  });

  it('forgets a topic', async () => {
    const { troubles, seen, said } = create();
    troubles.note('a', 'slow', 1);
    await Promise.resolve();
    troubles.forget('a');
    troubles.accepted('a', 1);
    await Promise.resolve();
    expect(seen).toEqual([{}, { a: 'slow' }, {}]);
    expect(said()).toHaveLength(1);
  });
});
