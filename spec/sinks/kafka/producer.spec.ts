import { of, Subject, VirtualTimeScheduler } from 'rxjs';
import { encodeFrame } from '../../../src/wire/frame';
import { encodeRecord } from '../../../src/wire/record';
import { NO_OPTIONS, type Batch, type Health, type Sink, type StreamOptions } from '../../../src/model';
import { createHeld } from '../../../src/control/held';
import type { KafkaSettings } from '../../../src/sinks/kafka/settings';
import { batchOf, batchOfRun, frames } from '../../../src/testing/builders';
import type { Doing } from './fakeBrokers';
import { openFake, outcomeOf } from './openFake';

const letters = (...messages: string[]): Batch => batchOf('topic', messages);

/** Messages with keys: 'a' goes to the first of three partitions, 'b' to the third, 'user:42' to the second. */
const keyed = (...pairs: (readonly [key: string, message: string])[]): Batch => {
  const encoded = pairs.map(([key, message]) => encodeFrame('topic', message, key));
  return batchOfRun('topic', encoded);
};

/** Does each of `first` once, in order, and then takes everything. */
const then = (...first: Doing[]): (() => Doing) => {
  const left = [...first];
  return () => left.shift() ?? { code: 0 };
};

const later = (): { readonly promise: Promise<Doing>; readonly resolve: (doing: Doing) => void } => {
  let resolve: (doing: Doing) => void = () => undefined;
  const promise = new Promise<Doing>((done) => (resolve = done));
  return { promise, resolve };
};

describe('the producer', () => {
  describe('delivers', () => {
    it('one batch by one receipt', async () => {
      const { write, run, brokers } = openFake();
      const written = write(letters('a', 'b'));
      await run();
      expect(written).toMatchObject({ ended: true, rest: [] });
      expect(written.receipts).toEqual([{ sink: 'stream', batch: written.batch, how: 'delivered', maybeTwice: false }]);
      expect(brokers.stored('topic').flat()).toEqual(['a', 'b']);
    });

    it('and charges its copies until they are delivered', async () => {
      const held = createHeld({ high: 1e9, low: 1e8 });
      const { write, turn, run, brokers } = openFake({}, { held });
      const { promise, resolve } = later();
      brokers.doing = then({ until: promise });
      write(letters('a'.repeat(100_000)));
      await turn();
      expect(held.bytes).toBeGreaterThanOrEqual(100_000);
      resolve({ code: 0 });
      await run();
      expect(held.bytes).toBe(0);
    });

    it('keys to their partitions', async () => {
      const { write, run, brokers } = openFake();
      write(keyed(['a', '1'], ['b', '2'], ['user:42', '3'], ['b', '4'], ['a', '5']));
      await run();
      expect(brokers.stored('topic')).toEqual([['1', '5'], ['3'], ['2', '4']]);
    });

    it('what arrives together in one request to each broker', async () => {
      const { write, run, turn, brokers } = openFake();
      write(letters('warm up'));
      await turn();
      brokers.requests.length = 0;
      write(keyed(['a', '1'], ['b', '2'], ['user:42', '3']));
      write(keyed(['a', '4']));
      await run();
      expect(brokers.requests.sort()).toEqual([1, 2]);
    });

    it('one record batch of a partition at a time, and gathers the next one meanwhile', async () => {
      const { write, run, turn, brokers } = openFake();
      const answer = later();
      brokers.doing = then({ until: answer.promise });
      write(keyed(['a', '1']));
      await turn();
      write(keyed(['a', '2']));
      write(keyed(['a', '3']));
      await turn();
      expect(brokers.arrived).toHaveLength(1);
      answer.resolve({ code: 0 });
      await run();
      expect(brokers.arrived.map(({ values }) => values)).toEqual([['1'], ['2', '3']]);
      expect(brokers.arrived.map(({ firstSequence }) => firstSequence)).toEqual([0, 1]);
    });

    it('in record batches of at most batch.num.messages and batch.size', async () => {
      const { write, run, brokers } = openFake({ batchNumMessages: 2, batchSizeBytes: 100 });
      const big = 'x'.repeat(150);
      const written = write(letters('1', '2', '3', big, '4'));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['1', '2', '3', big, '4']]]);
      expect(Math.max(...brokers.arrived.map(({ values }) => values.length))).toBe(2);
      expect(brokers.arrived.find(({ values }) => values.includes(big))?.values).toEqual([big]);
    });

    it('messages without a key to a partition drawn for each, where they do not stick', async () => {
      const draws = [0, 0.4, 0.9];
      const { write, turn, brokers } = openFake({ stickyLingerMs: 0 }, { random: () => draws.shift() ?? 0 });
      for (const message of ['1', '2', '3']) {
        write(letters(message));
        await turn();
      }
      expect(brokers.arrived.map(({ partition }) => partition)).toEqual([0, 1, 2]);
    });

    it('an empty batch at once', async () => {
      const { write, run } = openFake();
      const written = write(letters());
      await run();
      expect(written.ended).toBe(true);
      expect(outcomeOf(written)).toEqual([['delivered', []]]);
    });

    it('to no more than max.in.flight requests a broker', async () => {
      const { write, run, turn, brokers } = openFake({ maxInFlight: 1 });
      write(letters('warm up'));
      await turn();
      const answer = later();
      brokers.doing = then({ until: answer.promise });
      brokers.arrived.length = 0;
      write(keyed(['a', '1']));
      await turn();
      write(keyed(['b', '2']));
      await turn();
      expect(brokers.arrived).toHaveLength(1);
      answer.resolve({ code: 0 });
      await run();
      expect(brokers.arrived).toHaveLength(2);
    });
  });

  describe('resends the identical bytes', () => {
    const retriable: readonly (readonly [string, Doing])[] = [
      ['2 CORRUPT_MESSAGE', { code: 2 }],
      ['3 UNKNOWN_TOPIC_OR_PARTITION', { code: 3 }],
      ['5 LEADER_NOT_AVAILABLE', { code: 5 }],
      ['6 NOT_LEADER_OR_FOLLOWER', { code: 6 }],
      ['7 REQUEST_TIMED_OUT', { code: 7 }],
      ['7, appended', { code: 7, append: true }],
      ['19 NOT_ENOUGH_REPLICAS', { code: 19 }],
      ['20 NOT_ENOUGH_REPLICAS_AFTER_APPEND', { code: 20, append: true }],
      ['29 TOPIC_AUTHORIZATION_FAILED', { code: 29 }],
      ['56 KAFKA_STORAGE_ERROR', { code: 56 }],
      ['a code that nobody knows', { code: 12345, append: true }],
      ['an answer that leaves the partition out', { leftOut: true }],
      ['a connection lost before the append', { lost: 'before' }],
      ['a connection lost after the append', { lost: 'after' }],
    ];
    it.each(retriable)('after %s, and nothing is lost or doubled', async (_, doing) => {
      const { write, run, brokers } = openFake();
      brokers.doing = then(doing, doing);
      const first = write(keyed(['a', '1'], ['a', '2']));
      await run();
      const second = write(keyed(['a', '3']));
      await run();
      expect(outcomeOf(first)).toEqual([['delivered', ['1', '2']]]);
      expect(outcomeOf(second)).toEqual([['delivered', ['3']]]);
      expect(brokers.stored('topic')[0]).toEqual(['1', '2', '3']);
      expect(brokers.arrived.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 1]);
    });

    it('and leaves other partitions alone', async () => {
      const { write, turn, run, brokers } = openFake();
      brokers.doing = ({ partition, attempt }) => ({ code: partition === 0 && attempt < 3 ? 19 : 0 });
      const bad = write(keyed(['a', '1']));
      const good = write(keyed(['b', '2']));
      await turn();
      expect([bad.ended, good.ended]).toEqual([false, true]);
      await run();
      expect(bad.ended).toBe(true);
    });

    it('to the new leader', async () => {
      const { write, run, brokers } = openFake();
      brokers.doing = ({ broker }) => ({ code: broker === 1 ? 6 : 0 });
      let answers = 0;
      brokers.topic = () => ({ code: 0, leaders: (answers += 1) < 3 ? [1, 1, 1] : [2, 2, 2] });
      const written = write(keyed(['a', '1']));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['1']]]);
      expect(brokers.arrived.at(-1)?.broker).toBe(2);
    });

    it('until `retries` are used up', async () => {
      const { write, run, brokers } = openFake({ retries: 2 });
      brokers.doing = () => ({ code: 19 });
      const surely = write(keyed(['a', '1']));
      await run();
      brokers.doing = () => ({ lost: 'before' });
      const maybe = write(keyed(['a', '2']));
      await run();
      expect(outcomeOf(surely)).toEqual([['unavailable no', ['1']]]);
      expect(outcomeOf(maybe)).toEqual([['unavailable unknown', ['2']]]);
      expect(brokers.arrived).toHaveLength(6);
    });

    it('without idempotence too, and says that it may be there twice', async () => {
      const { write, run, brokers } = openFake({ idempotence: 'off' });
      brokers.doing = then({ lost: 'after' });
      const written = write(keyed(['a', '1']));
      await run();
      expect(outcomeOf(written)).toEqual([['maybe twice', ['1']]]);
      expect(brokers.arrived.map(({ producerId, firstSequence }) => [producerId, firstSequence])).toEqual([
        ['-1', -1],
        ['-1', -1],
      ]);
    });
  });

  describe('keeps sequences', () => {
    it('takes 46 for an acknowledgement', async () => {
      const { write, run, brokers } = openFake();
      brokers.doing = then({ code: 46, append: true });
      const written = write(keyed(['a', '1']));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['1']]]);
    });

    it.each([45, 47, 59, 90])('starts over under a new producer id when a first attempt meets %d', async (code) => {
      const { write, run, brokers } = openFake();
      write(keyed(['a', '1']));
      await run();
      brokers.doing = then({ code });
      const written = write(keyed(['a', '2']));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['2']]]);
      expect(brokers.arrived.map(({ producerId, firstSequence }) => [producerId, firstSequence])).toEqual([
        ['1001', 0],
        ['1001', 1],
        ['1002', 0],
      ]);
    });

    it.each([45, 47, 59])(
      'does not know what became of a resend that meets %d, and sends it once more',
      async (code) => {
        const { write, run, brokers } = openFake();
        const answers = then({ lost: 'after' }, { code });
        brokers.doing = ({ partition }) => (partition === 0 ? answers() : { code: 0 });
        const first = write(keyed(['a', '1']));
        const behind = write(keyed(['b', '2']));
        await run();
        const second = write(keyed(['a', '3']));
        await run();
        expect([first, behind, second].map(outcomeOf)).toEqual([
          [['maybe twice', ['1']]],
          [['delivered', ['2']]],
          [['delivered', ['3']]],
        ]);
        expect(brokers.stored('topic')[0]).toEqual(['1', '1', '3']);
        expect(brokers.arrived.at(-1)).toMatchObject({ producerId: '1002', firstSequence: 1 });
      },
    );

    it('says that a resend under another name is in doubt still, when it is given up', async () => {
      const { write, run, brokers } = openFake();
      const giveUp$ = new Subject<void>();
      brokers.doing = then({ lost: 'after' }, { code: 45 });
      let asked = 0;
      brokers.newId = (next) => {
        if ((asked += 1) === 2) giveUp$.next();
        return { code: 0, producerId: next, epoch: 0 };
      };
      const written = write(keyed(['a', '1']), giveUp$);
      await run();
      expect(outcomeOf(written)).toEqual([['unavailable unknown', ['1']]]);
    });

    it('goes on without a producer id when the broker does not let it write under one', async () => {
      const { write, run, brokers, log } = openFake();
      write(keyed(['a', '1']));
      await run();
      brokers.doing = then({ code: 31 });
      brokers.newId = () => ({ code: 31, producerId: -1n, epoch: -1 });
      const written = write(keyed(['a', '2']));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['2']]]);
      expect(brokers.arrived.at(-1)).toMatchObject({ producerId: '-1', firstSequence: -1 });
      const causes = log.lines.filter(({ level }) => level === 'warn').map(({ fields }) => fields['cause']);
      expect(causes).toEqual([expect.stringContaining('IdempotentWrite')]);
    });

    it('goes on without a producer id when it is refused one, and warns once', async () => {
      const { write, run, brokers, log } = openFake();
      brokers.newId = () => ({ code: 31, producerId: -1n, epoch: -1 });
      const written = [write(keyed(['a', '1'])), write(keyed(['b', '2']))];
      await run();
      expect(written.every(({ ended, rest }) => ended && rest.length === 0)).toBe(true);
      expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    });

    it('waits for a producer id as long as its coordinator loads', async () => {
      const { write, run, brokers } = openFake();
      let asked = 0;
      brokers.newId = (next) => ({ code: (asked += 1) < 3 ? 14 : 0, producerId: next, epoch: 0 });
      const written = write(keyed(['a', '1']));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['1']]]);
      expect(asked).toBe(3);
    });

    it('sends nothing without one when enable.idempotence was asked for', async () => {
      const { write, turn, brokers, log } = openFake({ idempotence: 'required' });
      brokers.newId = () => ({ code: 31, producerId: -1n, epoch: -1 });
      const written = write(keyed(['a', '1']));
      await turn();
      expect(written.ended).toBe(false);
      expect(brokers.arrived).toEqual([]);
      expect(log.lines.some(({ level }) => level === 'error')).toBe(true);
    });

    it('is down as long as it is refused the id that was asked for, says so once, and goes on once it has one', async () => {
      const { sink, write, run, brokers, log } = openFake({ idempotence: 'required' });
      const seen: Health[] = [];
      sink.health$.subscribe((health) => seen.push(health));
      let asked = 0;
      brokers.newId = (next) =>
        (asked += 1) < 4 ? { code: 31, producerId: -1n, epoch: -1 } : { code: 0, producerId: next, epoch: 0 };
      const written = write(keyed(['a', '1']));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['1']]]);
      expect(seen.map((health) => (health.state === 'down' ? health.cause : health.state))).toEqual([
        'up',
        expect.stringMatching(/^no producer id: CLUSTER_AUTHORIZATION_FAILED.*IdempotentWrite/),
        'up',
      ]);
      expect(log.lines.filter(({ level }) => level === 'error')).toHaveLength(1);
    });

    it('tells of an id that does not come', async () => {
      const { write, run, brokers, log } = openFake();
      let asked = 0;
      brokers.newId = (next) => ({ code: (asked += 1) < 9 ? 15 : 0, producerId: next, epoch: 0 });
      write(keyed(['a', '1']));
      await run();
      expect(log.lines.filter(({ level }) => level === 'warn')).toEqual([
        {
          level: 'warn',
          message: 'no producer id yet: messages wait for it',
          fields: { cause: 'COORDINATOR_NOT_AVAILABLE (15)' },
        },
      ]);
    });
  });

  describe('sorts out poison', () => {
    it.each(['', '.', '..', 'a/b', 'ü', 'x'.repeat(250)])('refuses the topic name %j', async (name) => {
      const { write, run, brokers } = openFake();
      const run1 = frames('topic', ['1']);
      const written = write({ ...letters('1'), bucket: name, frames: [run1] });
      await run();
      expect(outcomeOf(written)).toEqual([['poison no', ['1']]]);
      expect(brokers.asked).toEqual([]);
    });

    it('refuses messages above message.max.bytes and delivers their neighbours', async () => {
      const { write, run } = openFake({ messageMaxBytes: 1000 });
      const fits = 'x'.repeat(1000);
      const large = 'x'.repeat(1001);
      const written = write(letters('1', large, '2', large, fits));
      await run();
      expect(outcomeOf(written)).toEqual([
        ['delivered', ['1', '2', fits]],
        ['poison no', [large, large]],
      ]);
    });

    it('refuses timestamps more than an hour ahead', async () => {
      const { write, run } = openFake({}, { now: () => 1000 });
      const batch = letters('now', 'far');
      const [now, far] = batch.frames;
      if (!now || !far) throw new Error('two runs expected');
      const written = write({ ...batch, frames: [now, { ...far, arrivedMs: 1000 + 3_600_001 }] });
      await run();
      expect(outcomeOf(written)).toEqual([
        ['delivered', ['now']],
        ['poison no', ['far']],
      ]);
    });

    it('halves a batch that is too large down to the message that is', async () => {
      const { write, run, brokers } = openFake();
      brokers.doing = ({ values }) => ({ code: values.includes('large') ? 10 : 0 });
      const first = write(keyed(['a', '1'], ['a', '2'], ['a', 'large'], ['a', '3'], ['a', '4']));
      const second = write(keyed(['a', '5']));
      await run();
      expect(outcomeOf(first)).toEqual([
        ['delivered', ['1', '2', '3', '4']],
        ['poison no', ['large']],
      ]);
      expect(outcomeOf(second)).toEqual([['delivered', ['5']]]);
      expect(brokers.stored('topic')[0]).toEqual(['1', '2', '3', '4', '5']);
    });

    it('takes out the records that 87 names', async () => {
      const { write, run, brokers } = openFake();
      brokers.doing = then({ code: 87, records: [1, 3] });
      const first = write(keyed(['a', '1'], ['a', 'bad']));
      const second = write(keyed(['a', '2'], ['a', 'bad']));
      await run();
      expect([first, second].map(outcomeOf)).toEqual([
        [
          ['delivered', ['1']],
          ['poison no', ['bad']],
        ],
        [
          ['delivered', ['2']],
          ['poison no', ['bad']],
        ],
      ]);
      expect(brokers.stored('topic')[0]).toEqual(['1', '2']);
    });

    it('finds the record that 87 names wrongly', async () => {
      const { write, run, brokers } = openFake();
      brokers.doing = ({ values }) => ({ code: values.includes('bad') ? 87 : 0, records: [99, -1] });
      const written = write(keyed(['a', '1'], ['a', 'bad'], ['a', '2']));
      await run();
      expect(outcomeOf(written)).toEqual([
        ['delivered', ['1', '2']],
        ['poison no', ['bad']],
      ]);
    });

    it('finds the record that 87 does not name', async () => {
      const { write, run, brokers } = openFake();
      brokers.doing = ({ values }) => ({ code: values.includes('bad') ? 87 : 0 });
      const written = write(keyed(['a', '1'], ['a', 'bad'], ['a', '2']));
      await run();
      expect(outcomeOf(written)).toEqual([
        ['delivered', ['1', '2']],
        ['poison no', ['bad']],
      ]);
    });

    it('takes a record for bad that arrives damaged again and again', async () => {
      const { write, run, brokers } = openFake();
      brokers.doing = ({ values }) => ({ code: values.includes('bad') ? 2 : 0 });
      const written = write(keyed(['a', '1'], ['a', 'bad'], ['a', '2']));
      await run();
      expect(outcomeOf(written)).toEqual([
        ['delivered', ['1', '2']],
        ['poison no', ['bad']],
      ]);
    });

    it('names the topic, the error, what the broker says of the record and what to change', async () => {
      const { write, run, brokers } = openFake();
      brokers.doing = then({ code: 87, records: [0] });
      const written = write(keyed(['a', 'bad'], ['a', '1']));
      await run();
      expect(written.rest[0]?.cause.message).toBe(
        'topic topic: INVALID_RECORD (87): a compacted topic takes no message without a key (record 0 is bad)',
      );
    });

    it('fails what a topic that the cluster calls invalid has', async () => {
      const { write, run, brokers } = openFake();
      brokers.topic = () => ({ code: 17, leaders: [] });
      const written = write(letters('1'));
      await run();
      expect(outcomeOf(written)).toEqual([['poison no', ['1']]]);
    });
  });

  describe('waits', () => {
    it('for a topic that is being created', async () => {
      const { write, run, brokers } = openFake();
      let asked = 0;
      brokers.topic = () => ((asked += 1) < 4 ? { code: asked === 1 ? 3 : 5, leaders: [] } : { code: 0, leaders: [1] });
      const written = [write(letters('1')), write(letters('2'))];
      await run();
      expect(written.map(outcomeOf)).toEqual([[['delivered', ['1']]], [['delivered', ['2']]]]);
      expect(brokers.stored('topic').flat()).toEqual(['1', '2']);
    });

    it('for a partition’s leader', async () => {
      const { write, run, brokers } = openFake();
      let asked = 0;
      brokers.topic = () => ({ code: 0, leaders: [(asked += 1) < 5 ? -1 : 2] });
      const written = write(letters('1'));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['1']]]);
    });

    it('for no partition that is gone since its topic was made anew', async () => {
      const { write, run, brokers } = openFake();
      write(keyed(['b', '1']));
      await run();
      brokers.doing = then({ code: 3 });
      brokers.topic = () => ({ code: 0, leaders: [1] });
      write(keyed(['a', '2']));
      await run();
      const written = write(keyed(['b', '3'], ['user:42', '4']));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['3', '4']]]);
      expect(brokers.stored('topic')).toEqual([['2', '3', '4'], [], ['1']]);
    });

    it('for no partition that is gone: what was encoded for it goes to the others, behind theirs', async () => {
      const { write, turn, run, brokers } = openFake();
      write(keyed(['a', '0']));
      await run();
      const answer = later();
      brokers.doing = ({ partition }) => (partition === 0 ? { code: 0 } : { until: answer.promise });
      const sent = write(keyed(['b', '1']));
      await turn();
      const waits = write(keyed(['b', '2'], ['user:42', '3'], ['a', '4']));
      await turn();
      brokers.topic = () => ({ code: 0, leaders: [1] });
      brokers.doing = () => ({ code: 0 });
      answer.resolve({ code: 3 });
      await run();
      expect([sent, waits].map(outcomeOf)).toEqual([[['delivered', ['1']]], [['delivered', ['2', '3', '4']]]]);
      expect(brokers.stored('topic')[0]?.slice(0, 2)).toEqual(['0', '4']);
      expect([...(brokers.stored('topic')[0] ?? [])].sort()).toEqual(['0', '1', '2', '3', '4']);
    });

    it('for no partition that is gone, unless a message asks for that one', async () => {
      const { write, turn, run, brokers } = openFake();
      const answer = later();
      brokers.doing = then({ until: answer.promise });
      const inTwo = encodeRecord('topic', 'asks for 2', { partition: 2 });
      const inAny = encodeFrame('topic', 'asks for none', 'b');
      const bytes = Buffer.concat([inTwo, inAny]);
      const waits: Batch = { ...letters('1', '2'), frames: [{ ...frames('topic', ['1', '2']), bytes }] };
      write(keyed(['b', 'sent']));
      await turn();
      const written = write(waits);
      await turn();
      brokers.topic = () => ({ code: 0, leaders: [1, 2] });
      answer.resolve({ code: 3 });
      await run();
      expect(outcomeOf(written)).toEqual([
        ['delivered', ['asks for none']],
        ['poison no', ['asks for 2']],
      ]);
      expect(written.rest[0]?.cause.message).toBe('partition 2 does not exist: topic topic has 2, from 0 to 1');
    });

    it('for no partition that is gone: what may have been written there may be there twice', async () => {
      const { write, run, brokers } = openFake();
      brokers.doing = ({ partition }) => (partition === 2 ? { lost: 'after' } : { code: 0 });
      let asked = 0;
      brokers.topic = () => ({ code: 0, leaders: (asked += 1) < 2 ? [1, 1, 1] : [1, 1] });
      const written = write(keyed(['b', '1']));
      await run();
      expect(outcomeOf(written)).toEqual([['maybe twice', ['1']]]);
    });

    it('for a leader that cannot be reached, and asks who leads now', async () => {
      const { write, run, brokers } = openFake();
      brokers.unreachable.add(1);
      let asked = 0;
      brokers.topic = () => ({ code: 0, leaders: [(asked += 1) < 3 ? 1 : 2] });
      const written = write(letters('1'));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['1']]]);
      expect(brokers.arrived.map(({ broker }) => broker)).toEqual([2]);
    });

    it('as long as a broker asks to be left alone', async () => {
      const { write, run, turn, brokers } = openFake();
      brokers.throttleMs = 500;
      write(keyed(['a', '1']));
      await turn();
      const throttled = write(keyed(['a', '2']));
      await turn();
      expect(brokers.arrived).toHaveLength(1);
      await run();
      expect(throttled.ended).toBe(true);
    });

    it('as long as it asks by any of its answers', async () => {
      const scheduler = new VirtualTimeScheduler();
      const { write, turn, brokers } = openFake({}, { scheduler, now: () => scheduler.frame });
      brokers.topic = () => ({ code: 0, leaders: [1, 1, 1] });
      write(keyed(['a', 'warm up']));
      await turn();
      const slow = later();
      brokers.doing = ({ partition }) => (partition === 0 ? { code: 0 } : { until: slow.promise });
      write(keyed(['b', '1']));
      await turn();
      brokers.throttleMs = 500;
      write(keyed(['a', '2']));
      await turn();
      brokers.throttleMs = 2000;
      slow.resolve({ code: 0 });
      await turn();
      const waits = write(keyed(['a', '3']));
      scheduler.maxFrames = 1999;
      scheduler.flush();
      await turn();
      expect(waits.ended).toBe(false);
      scheduler.maxFrames = 2000;
      scheduler.flush();
      await turn();
      expect(waits.ended).toBe(true);
    });

    it('before it encodes more than it can send soon', async () => {
      const { write, run, turn, brokers } = openFake({ batchSizeBytes: 1000 });
      const answer = later();
      brokers.doing = () => ({ until: answer.promise });
      const giveUp$ = new Subject<void>();
      const many = Array.from({ length: 40 }, (_, n) => write(keyed(['a', `${n} ${'x'.repeat(500)}`]), giveUp$));
      await turn();
      giveUp$.next();
      answer.resolve({ code: 0 });
      await run();
      expect(many.every(({ ended }) => ended)).toBe(true);
      expect(
        many
          .slice(1)
          .flatMap(outcomeOf)
          .filter(([how]) => how === 'gave_up no').length,
      ).toBeGreaterThan(30);
    });

    it('no longer than until there is room to encode it, and goes on in order', async () => {
      const { write, run, turn, brokers } = openFake({ batchSizeBytes: 1000 });
      const answer = later();
      brokers.doing = then({ until: answer.promise });
      const messages = Array.from({ length: 40 }, (_, n) => `${n} ${'x'.repeat(500)}`);
      const many = messages.map((message) => write(keyed(['a', message])));
      await turn();
      answer.resolve({ code: 0 });
      await run();
      expect(brokers.stored('topic')[0]).toEqual(messages);
      expect(many.every(({ ended }) => ended)).toBe(true);
    });
  });

  describe('gives up', () => {
    it('at once, when told so before', async () => {
      const { write, run, brokers } = openFake();
      const written = write(letters('1', '2'), of('stop'));
      await run();
      expect(outcomeOf(written)).toEqual([['gave_up no', ['1', '2']]]);
      expect(brokers.arrived).toEqual([]);
    });

    it('what waits for metadata', async () => {
      const { write, turn, run, brokers } = openFake();
      brokers.topic = () => ({ code: 29, leaders: [] });
      const giveUp$ = new Subject<void>();
      const written = write(letters('1'), giveUp$);
      await turn();
      giveUp$.next();
      expect(outcomeOf(written)).toEqual([['unavailable no', ['1']]]);
      expect(written.rest[0]?.cause.message).toContain('TOPIC_AUTHORIZATION_FAILED');
      await run();
      expect(brokers.arrived).toEqual([]);
    });

    it('what is on its way as unknown, what waits behind it surely, and sends that never', async () => {
      const { write, turn, run, brokers } = openFake();
      const answer = later();
      brokers.doing = then({ until: answer.promise });
      const giveUp$ = new Subject<void>();
      const sent = write(keyed(['a', 'sent']), giveUp$);
      await turn();
      const waits = write(keyed(['a', 'waits']), giveUp$);
      const stays = write(keyed(['a', 'stays']));
      await turn();
      giveUp$.next();
      expect([sent, waits].map(outcomeOf)).toEqual([[['gave_up unknown', ['sent']]], [['gave_up no', ['waits']]]]);
      answer.resolve({ code: 0 });
      await run();
      expect(outcomeOf(stays)).toEqual([['delivered', ['stays']]]);
      expect(brokers.stored('topic')[0]).toEqual(['sent', 'stays']);
      expect(brokers.arrived.map(({ producerId }) => producerId)).toEqual(['1001', '1001']);
    });

    it('and takes a new producer id once an outcome stays unknown', async () => {
      const { write, turn, run, brokers } = openFake();
      const answer = later();
      brokers.doing = then({ until: answer.promise });
      const giveUp$ = new Subject<void>();
      write(keyed(['a', 'sent']), giveUp$);
      await turn();
      giveUp$.next();
      answer.resolve({ lost: 'before' });
      await turn();
      const next = write(keyed(['a', 'next']));
      await run();
      expect(outcomeOf(next)).toEqual([['delivered', ['next']]]);
      expect(brokers.arrived.map(({ producerId, firstSequence }) => [producerId, firstSequence])).toEqual([
        ['1001', 0],
        ['1002', 0],
      ]);
    });

    it('a part: the others of its record batch are resent as they were', async () => {
      const { write, turn, run, brokers } = openFake();
      const giveUp$ = new Subject<void>();
      brokers.doing = then({ lost: 'after' });
      const given = write(keyed(['a', '1']), giveUp$);
      const stays = write(keyed(['a', '2']));
      await turn();
      giveUp$.next();
      await run();
      expect([given, stays].map(outcomeOf)).toEqual([[['unavailable unknown', ['1']]], [['delivered', ['2']]]]);
      expect(brokers.stored('topic')[0]).toEqual(['1', '2']);
      expect(brokers.arrived.map(({ attempt }) => attempt)).toEqual([1, 2]);
    });

    it('a part that the broker surely has not: the others go without it', async () => {
      const { write, turn, run, brokers } = openFake();
      const giveUp$ = new Subject<void>();
      brokers.doing = then({ code: 19 });
      const given = write(keyed(['a', '1']), giveUp$);
      const stays = write(keyed(['a', '2']));
      await turn();
      giveUp$.next();
      await run();
      expect([given, stays].map(outcomeOf)).toEqual([[['unavailable no', ['1']]], [['delivered', ['2']]]]);
      expect(brokers.stored('topic')[0]).toEqual(['2']);
    });

    it('with receipts for what was acknowledged', async () => {
      const { write, turn, run, brokers } = openFake();
      const answer = later();
      brokers.doing = ({ partition }) => (partition === 0 ? { until: answer.promise } : { code: 0 });
      const giveUp$ = new Subject<void>();
      const written = write(
        keyed(['a', '1'], ['user:42', '2'], ['a', '3'], ['user:42', '4'], ['user:42', '5']),
        giveUp$,
      );
      await turn();
      giveUp$.next();
      answer.resolve({ code: 0 });
      await run();
      expect(outcomeOf(written)).toEqual([
        ['delivered', ['2', '4', '5']],
        ['gave_up unknown', ['1', '3']],
      ]);
    });

    it('even when nobody listens any more', async () => {
      const { sink, turn, run, brokers } = openFake();
      brokers.topic = () => ({ code: 5, leaders: [] });
      const giveUp$ = new Subject<void>();
      sink.write(letters('1'), giveUp$).subscribe().unsubscribe();
      await turn();
      expect(giveUp$.observed).toBe(true);
      giveUp$.next();
      expect(giveUp$.observed).toBe(false);
      await run();
      expect(brokers.arrived).toEqual([]);
    });
  });

  describe('refreshes', () => {
    it('what it knows of topics in use, and forgets the others with their producer id', async () => {
      const scheduler = new VirtualTimeScheduler(undefined, 2500);
      const { write, turn, brokers } = openFake({ metadataRefreshIntervalMs: 1000 }, { scheduler });
      write(keyed(['a', '1']));
      await turn();
      for (const refreshes of [1, 2]) {
        scheduler.maxFrames = refreshes * 1000;
        scheduler.flush();
        await turn();
      }
      expect(brokers.asked).toEqual([['topic'], ['topic']]);
      write(keyed(['a', '2']));
      await turn();
      expect(brokers.stored('topic')[0]).toEqual(['1', '2']);
      expect(brokers.arrived.map(({ producerId, firstSequence }) => [producerId, firstSequence])).toEqual([
        ['1001', 0],
        ['1002', 0],
      ]);
    });

    it.each([-1, 0])('nothing by itself where the time is %d', (metadataRefreshIntervalMs) => {
      const scheduler = new VirtualTimeScheduler();
      openFake({ metadataRefreshIntervalMs }, { scheduler });
      expect(scheduler.actions).toEqual([]);
    });
  });

  it.each([
    [0, 800],
    [0.75, 1100],
  ])('spreads its refreshes around their time: at %d of the dice after %d ms', async (dice, afterMs) => {
    const scheduler = new VirtualTimeScheduler(undefined, 2500);
    const { write, turn, brokers } = openFake({ metadataRefreshIntervalMs: 1000 }, { scheduler, random: () => dice });
    write(letters('1'));
    await turn();
    scheduler.maxFrames = afterMs - 1;
    scheduler.flush();
    await turn();
    expect(brokers.asked).toHaveLength(1);
    scheduler.maxFrames = afterMs;
    scheduler.flush();
    await turn();
    expect(brokers.asked).toHaveLength(2);
  });

  describe('closes', () => {
    it('after writes that are under way', async () => {
      const { sink, write, turn, brokers } = openFake();
      const written = write(letters('1'));
      const closing = sink.close();
      await turn();
      await closing;
      expect(outcomeOf(written)).toEqual([['delivered', ['1']]]);
      expect(brokers.closed).toBe(true);
    });

    it('in spite of writes that do not end', async () => {
      const { sink, write, run, brokers } = openFake();
      brokers.doing = () => ({ until: new Promise(() => undefined) });
      const written = write(letters('1'));
      const closing = sink.close();
      await run();
      await closing;
      expect(outcomeOf(written)).toEqual([['gave_up unknown', ['1']]]);
      expect(brokers.closed).toBe(true);
    });
  });

  it('says that it tries again by itself, so that its batches need not go one by one', () => {
    expect(openFake().sink.retries).toBe(true);
  });

  describe('lets the broker wait for replicas', () => {
    const withBackup = { ...NO_OPTIONS, handOverMs: 10_000 };
    /** The request's time for a message that waited so long before it could leave. */
    const timeoutAfter = async (waitedMs: number, options: StreamOptions, settings: Partial<KafkaSettings>) => {
      let nowMs = 100_000;
      const { write, turn, brokers } = openFake(settings, { now: () => nowMs }, options);
      const known = later();
      const topics = brokers.topics.bind(brokers);
      brokers.topics = (names) => known.promise.then(() => topics(names));
      write(keyed(['a', '1']));
      await turn();
      nowMs += waitedMs;
      known.resolve({ code: 0 });
      await turn();
      return brokers.timeoutsMs;
    };

    it.each([
      ['without a backup: request.timeout.ms', 4_000, NO_OPTIONS, {}, 30_000],
      ['with one: until it takes over', 4_000, withBackup, {}, 5_500],
      ['at least a second', 12_000, withBackup, {}, 1_000],
      ['at most request.timeout.ms', 0, withBackup, { requestTimeoutMs: 3_000 }, 3_000],
      ['at most request.timeout.ms, below a second too', 12_000, withBackup, { requestTimeoutMs: 300 }, 300],
      ['no longer for a clock that was put back', -4_000, withBackup, {}, 9_500],
    ])('%s', async (_, waitedMs, options, settings, expected) => {
      expect(await timeoutAfter(waitedMs, options, settings)).toEqual([expected]);
    });

    it('counts from the last acknowledgement, which moves the backup’s turn', async () => {
      let nowMs = 100_000;
      const { write, turn, brokers } = openFake({}, { now: () => nowMs }, withBackup);
      const answer = later();
      brokers.doing = then({ until: answer.promise });
      write(keyed(['a', '1']));
      await turn();
      write(keyed(['a', '2']));
      nowMs += 6_000;
      answer.resolve({ code: 0 });
      await turn();
      expect(brokers.timeoutsMs).toEqual([9_500, 9_500]);
    });
  });

  describe('tells its health', () => {
    it('from the brokers and from topics', async () => {
      const { sink, write, turn, run, brokers } = openFake();
      const seen: unknown[] = [];
      sink.health$.subscribe((health) => seen.push(health));
      brokers.topic = (name) => (name === 'forbidden' ? { code: 29, leaders: [] } : { code: 0, leaders: [1] });
      const giveUp$ = new Subject<void>();
      write(batchOf('forbidden', ['1']), giveUp$);
      write(letters('1'));
      await turn();
      giveUp$.next();
      brokers.health.next({ state: 'down', cause: 'gone' });
      brokers.health.next({ state: 'up' });
      brokers.topic = () => ({ code: 0, leaders: [1] });
      await run();
      write(batchOf('forbidden', ['2']));
      await run();
      const forbidden = {
        state: 'topicsDown',
        topics: new Map([['forbidden', expect.stringContaining('TOPIC_AUTHORIZATION_FAILED (29): allow this user')]]),
      };
      expect(seen).toEqual([{ state: 'up' }, forbidden, { state: 'down', cause: 'gone' }, forbidden, { state: 'up' }]);
    });

    const healthOf = (sink: Sink): Health[] => {
      const seen: Health[] = [];
      sink.health$.subscribe((health) => seen.push(health));
      return seen;
    };

    it.each([29, 42, 43, 44, 76])('from a topic that answers %d to a batch, until it takes one', async (code) => {
      const { sink, write, run, brokers, log } = openFake();
      const seen = healthOf(sink);
      brokers.doing = then({ code }, { code });
      const written = write(keyed(['a', '1']));
      await run();
      expect(outcomeOf(written)).toEqual([['delivered', ['1']]]);
      expect(seen.map(({ state }) => state)).toEqual(['up', 'topicsDown', 'up']);
      expect(log.lines.map(({ level, message }) => [level, message])).toEqual([
        ['warn', 'topic takes no messages'],
        ['info', 'topic takes messages again'],
      ]);
    });

    it('from one that has not enough replicas for a while, not at once', async () => {
      const { sink, write, run, brokers } = openFake();
      const seen = healthOf(sink);
      brokers.doing = ({ attempt }) => ({ code: attempt < 5 ? 19 : 0 });
      write(keyed(['a', '1']));
      await run();
      expect(seen).toEqual([{ state: 'up' }]);
      brokers.doing = ({ attempt }) => ({ code: attempt < 7 ? 19 : 0 });
      write(keyed(['a', '2']));
      await run();
      expect(seen.slice(1)).toEqual([
        { state: 'topicsDown', topics: new Map([['topic', expect.stringContaining('min.insync.replicas')]]) },
        { state: 'up' },
      ]);
    });

    it('from a partition that has no leader for a while', async () => {
      const { sink, write, run, brokers } = openFake();
      const seen = healthOf(sink);
      let asked = 0;
      brokers.topic = () => ({ code: 0, leaders: [(asked += 1) < 9 ? -1 : 1] });
      write(letters('1'));
      await run();
      expect(seen).toEqual([
        { state: 'up' },
        { state: 'topicsDown', topics: new Map([['topic', expect.stringContaining('no leader')]]) },
        { state: 'up' },
      ]);
    });

    it('no more from a partition that nobody writes to', async () => {
      const { sink, write, turn, run, brokers } = openFake();
      const seen = healthOf(sink);
      const giveUp$ = new Subject<void>();
      sink.health$.subscribe(({ state }) => {
        if (state === 'topicsDown') giveUp$.next();
      });
      brokers.doing = () => ({ code: 19 });
      const written = write(keyed(['a', '1']), giveUp$);
      await turn();
      await run();
      expect(outcomeOf(written)).toEqual([['unavailable no', ['1']]]);
      expect(seen.map(({ state }) => state)).toEqual(['up', 'topicsDown', 'up']);
    });
  });
});
