import { conditionOf, rowsByStream, topicsOf } from '../../../src/control/status/streamStates';
import type { SinkHealth } from '../../../src/control/status/watchSinks';
import { emptyRow, type BreakerState, type StreamState } from '../../../src/model';

const up: SinkHealth = { health: { state: 'up' }, sinceMs: 1 };
const down: SinkHealth = { health: { state: 'down', cause: 'gone' }, sinceMs: 2 };
const topics: SinkHealth = { health: { state: 'topicsDown', topics: new Map([['b', 'no leader']]) }, sinceMs: 3 };

const told = (breaker: BreakerState, bucket?: string): StreamState => ({
  ...{ stream: 's', breaker, sinceMs: 9 },
  ...(bucket !== undefined && { bucket }),
});
const open: BreakerState = { state: 'open', cause: 'broken' };

describe('conditionOf', () => {
  it.each<[string, readonly StreamState[], SinkHealth | undefined, object]>([
    ['nothing is known', [], undefined, { state: 'starting' }],
    ['its sink is up', [], up, { state: 'up', sinceMs: 1 }],
    ['its sink is down', [], down, { state: 'down', sinceMs: 2, cause: 'gone' }],
    ['topics of its sink are down', [], topics, { state: 'up', sinceMs: 3 }],
    ['its breaker is open', [told(open)], down, { state: 'open', sinceMs: 9, cause: 'broken' }],
    ['its breaker tries', [told({ state: 'halfOpen' })], down, { state: 'half_open', sinceMs: 9 }],
    ['its breaker is closed', [told({ state: 'closed' })], up, { state: 'up', sinceMs: 1 }],
    ['the breaker of one of its buckets is open', [told(open, 'b')], up, { state: 'up', sinceMs: 1 }],
    ['the breaker of another stream is open', [{ ...told(open), stream: 't' }], up, { state: 'up', sinceMs: 1 }],
  ])('where %s', (_title, states, health, expected) =>
    expect(conditionOf('s', states, health)).toEqual({ sinceMs: undefined, cause: undefined, ...expected }),
  );
});

describe('topicsOf', () => {
  it('is empty where all is well', () => expect(topicsOf('s', [told(open)], up)).toEqual([]));

  it('has the buckets whose breakers are open, then those that the sink names', () => {
    const states = [told(open, 'a'), told({ state: 'halfOpen' }, 'c'), { ...told(open, 'd'), stream: 't' }];
    expect(topicsOf('s', states, topics)).toEqual([
      { bucket: 'a', state: 'open', sinceMs: 9, cause: 'broken' },
      { bucket: 'c', state: 'half_open', sinceMs: 9, cause: undefined },
      { bucket: 'b', state: 'down', sinceMs: 3, cause: 'no leader' },
    ]);
  });

  it('has a bucket once', () => expect(topicsOf('s', [told(open, 'b')], topics)).toHaveLength(1));
});

describe('rowsByStream', () => {
  it('groups', () => {
    const [one, two, three] = [emptyRow('a', 's'), emptyRow('a', 't'), emptyRow('b', 's')];
    expect([...rowsByStream([one, two, three])]).toEqual([
      ['s', [one, three]],
      ['t', [two]],
    ]);
  });
});
