/**
 * The whole way of a message, real but for the broker and the clock, against the simplest reference there is: what was sent is
 * in the broker or the dead letters, whatever happened on the way.
 */
import fc from 'fast-check';
import { spokenRow } from '../support/books';
import { messagesIn } from '../support/fileSinks';
import type { FakeBehaviour } from '../../src/testing/fakeSink';
import { POISON, simulate, type BackupMode, type Simulated } from './model/simulated';

jest.setTimeout(300_000);

const BEHAVIOURS: readonly FakeBehaviour[] = ['answers', 'refuses', 'loses', 'swallows', 'lies', 'hangs'];
const BUCKETS = ['a', 'b', 'a-1'] as const;
const HEALTHS = ['up', 'down', 'topicDown'] as const;

type Step =
  | { readonly do: 'send'; readonly bucket: string; readonly count: number; readonly poison: boolean }
  | { readonly do: 'wait'; readonly ms: number }
  | { readonly do: 'behave'; readonly behaviour: FakeBehaviour }
  | { readonly do: 'health'; readonly health: (typeof HEALTHS)[number] }
  | { readonly do: 'restart' };

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    arbitrary: fc.record({
      do: fc.constant('send' as const),
      bucket: fc.constantFrom(...BUCKETS),
      count: fc.integer({ min: 1, max: 7 }),
      poison: fc.nat(9).map((n) => n === 0),
    }),
    weight: 6,
  },
  {
    arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.constantFrom(1, 10, 60, 300, 700, 2_500) }),
    weight: 4,
  },
  {
    arbitrary: fc.record({ do: fc.constant('behave' as const), behaviour: fc.constantFrom(...BEHAVIOURS) }),
    weight: 2,
  },
  { arbitrary: fc.record({ do: fc.constant('health' as const), health: fc.constantFrom(...HEALTHS) }), weight: 2 },
  { arbitrary: fc.constant({ do: 'restart' as const }), weight: 1 },
);

const take = async (daemon: Simulated, sent: Map<string, string[]>, one: Step): Promise<void> => {
  if (one.do === 'wait') return daemon.advance(one.ms);
  if (one.do === 'restart') return daemon.restart();
  if (one.do === 'behave') {
    daemon.broker.behave(one.behaviour);
    return undefined;
  }
  if (one.do === 'health') {
    if (one.health === 'up') daemon.broker.setHealth({ state: 'up' });
    else if (one.health === 'down') daemon.broker.setHealth({ state: 'down', cause: 'no broker' });
    else daemon.broker.setHealth({ state: 'topicsDown', topics: new Map([['a', 'no such topic']]) });
    return undefined;
  }
  const { bucket, count, poison } = one;
  const list = sent.get(bucket) ?? [];
  const first = list.length;
  const messages = Array.from({ length: count }, (_, n) => `${poison ? POISON : ''}${bucket}:${first + n}`);
  sent.set(bucket, [...list, ...messages]);
  return daemon.send(bucket, messages);
};

/** At every moment every message is in exactly one column. */
const expectBooksToBalance = (daemon: Simulated): void => {
  for (const row of daemon.rows()) expect(spokenRow(row)).toBe(row.received + row.recovered);
};

const isPoison = (text: string): boolean => text.startsWith(POISON);

const firsts = (texts: readonly string[]): readonly string[] => [...new Set(texts)];

/** Without a backup what waits does so in order, but not with what a stop left in the spool: that is sent on beside what is live. */
const keepsOrder = (mode: BackupMode, steps: readonly Step[]): boolean =>
  mode === 'ordered' || (mode === 'none' && !steps.some((one) => one.do === 'restart'));

const holds = async (mode: BackupMode, steps: readonly Step[]): Promise<void> => {
  const daemon = await simulate(mode);
  const sent = new Map<string, string[]>();
  try {
    for (const one of steps) {
      await take(daemon, sent, one);
      expectBooksToBalance(daemon);
    }
    daemon.broker.behave('answers');
    daemon.broker.setHealth({ state: 'up' });
    await daemon.advance(30_000);
    expectBooksToBalance(daemon);
    await daemon.stop();
    expectBooksToBalance(daemon);

    const readAll = async (folder: string): Promise<readonly string[]> =>
      (await Promise.all((await daemon.filesIn(folder)).map(messagesIn))).flat();
    const dead = await readAll('dead');
    const backedUp = await readAll('backup');
    if (mode !== 'kept') expect(await daemon.filesIn('backup')).toEqual([]);
    expect(await daemon.filesIn('spool')).toEqual([]);
    let twice = 0;
    for (const [bucket, messages] of sent) {
      const stored = daemon.broker.stored(bucket);
      const own = new Set(messages);
      const found = [...stored, ...[...dead, ...backedUp].filter((text) => own.has(text))];
      expect(firsts(found).toSorted()).toEqual(messages.toSorted());
      twice += found.length - messages.length;
      const takeable = messages.filter((text) => !isPoison(text));
      if (keepsOrder(mode, steps)) expect(firsts(stored)).toEqual(takeable);
    }
    expect(twice).toBeLessThanOrEqual(daemon.duplicatesPossible());
    for (const { held, dropped } of daemon.rows()) expect({ held, dropped }).toEqual({ held: 0, dropped: {} });
  } finally {
    await daemon.remove();
  }
};

const sends = (bucket: string, count: number, poison = false): Step => ({ do: 'send', bucket, count, poison });

/** Steps that failed once. */
const REGRESSIONS: readonly (readonly Step[])[] = [
  [{ do: 'health', health: 'down' }, sends('a-1', 1), { do: 'restart' }, sends('a-1', 1)],
  [{ do: 'behave', behaviour: 'lies' }, sends('b', 3, true), sends('b', 3), sends('b', 1), { do: 'restart' }],
  [sends('a', 1, true), { do: 'health', health: 'down' }, { do: 'wait', ms: 2_500 }, { do: 'health', health: 'up' }],
];

const MODES: readonly BackupMode[] = ['none', 'kept', 'replayed', 'ordered'];

describe('law: whatever the broker does, nothing is lost and nothing twice but what is counted', () => {
  it.each(MODES)('with a backup that is %s', (mode) =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), (steps) => holds(mode, steps)),
      { numRuns: 40, examples: REGRESSIONS.map((steps): [readonly Step[]] => [steps]) },
    ),
  );
});
