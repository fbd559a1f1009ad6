import * as E from 'fp-ts/Either';
import { NEVER, of, throwError, VirtualTimeScheduler } from 'rxjs';
import { SinkError, type Batch, type Sink } from '../../../src/model';
import type { Brokers } from '../../../src/sinks/kafka/brokers';
import { produceRequest, type PartitionData, type ProduceAnswer } from '../../../src/sinks/kafka/requests';
import { withStatistics } from '../../../src/sinks/kafka/statistics';
import { createTimers, pause } from '../../../src/sinks/kafka/timers';
import { batchOf, delivered, memoryLog, testEnv, unavailable } from '../../../src/testing/builders';
import { advance } from './fakeCluster';
import { fakeBrokers } from './fakeBrokers';

/** A record batch of which only the count matters. */
const batchFor = (partition: number, messages: number): PartitionData => {
  const header = Buffer.alloc(61);
  header.writeInt32BE(messages, 57);
  return { topic: 't', partition, header, payload: Buffer.alloc(0) };
};

const answer = (...codes: readonly number[]): ProduceAnswer => ({
  partitions: codes.map((code, partition) => ({ topic: 't', partition, code, records: [], message: undefined })),
  throttleMs: 0,
});

const open = (intervalMs: number, write: Sink['write'] = () => NEVER) => {
  const scheduler = new VirtualTimeScheduler();
  const timers = createTimers(scheduler);
  const log = memoryLog();
  const fake = fakeBrokers();
  const answers: (readonly [afterMs: number, Awaited<ReturnType<Brokers['produce']>>])[] = [];
  const brokers: Brokers = {
    ...fake,
    produce: async () => {
      const [afterMs, next] = answers.shift() ?? [0, E.right(answer())];
      await pause(timers, afterMs);
      return next;
    },
  };
  let counted: Brokers = brokers;
  const sink = withStatistics(intervalMs, testEnv({ scheduler, log }), timers, brokers, (given) => {
    counted = given;
    return { write, health$: NEVER, close: () => Promise.resolve() };
  });
  return {
    sink,
    fake,
    answers,
    brokers,
    counted: () => counted,
    produce: (broker: number, ...data: readonly PartitionData[]) =>
      void counted.produce(broker, produceRequest(data, -1, 1000)),
    lines: () => log.lines.filter(({ level, message }) => level === 'info' && message === 'statistics'),
    to: (ms: number) => advance(scheduler, ms),
  };
};

const QUIET = {
  stream: 'stream',
  messages: 0,
  batches: 0,
  failedBatches: 0,
  requests: 0,
  roundTripMs: { avg: 0, max: 0 },
  inFlight: 0,
  queuedBytes: 0,
  brokers: 0,
};

describe('withStatistics', () => {
  it('leaves everything as it is where the interval is 0', async () => {
    const { brokers, counted, lines, to } = open(0);
    expect(counted()).toBe(brokers);
    await to(100_000);
    expect(lines()).toEqual([]);
  });

  it('shows a line each interval, also when nothing happens', async () => {
    const { lines, to } = open(1000);
    await to(3500);
    expect(lines().map(({ fields }) => fields)).toEqual([QUIET, QUIET, QUIET]);
  });

  it('counts what was acknowledged, resent and refused since the line before, and how long answers took', async () => {
    const { produce, answers, lines, to } = open(1000);
    answers.push([10, E.right(answer(0, 0))], [25, E.right(answer(46, 6))]);
    produce(1, batchFor(0, 100), batchFor(1, 20));
    produce(2, batchFor(0, 3), batchFor(1, 4));
    await to(1500);
    answers.push([5, E.left({ kind: 'unknown', message: 'lost' })]);
    produce(1, batchFor(0, 1));
    await to(2000);
    expect(lines().map(({ fields }) => fields)).toEqual([
      {
        ...QUIET,
        messages: 123,
        batches: 3,
        failedBatches: 1,
        requests: 2,
        roundTripMs: { avg: 17.5, max: 25 },
        brokers: 2,
      },
      { ...QUIET, failedBatches: 1, requests: 1, roundTripMs: { avg: 5, max: 5 }, brokers: 2 },
    ]);
  });

  it('shows what is on its way, and the brokers that are connected', async () => {
    const { produce, answers, fake, lines, to } = open(1000);
    answers.push([1500, E.right(answer(0))], [1500, E.right(answer(0))]);
    produce(1, batchFor(0, 1));
    produce(2, batchFor(0, 1));
    fake.unreachable.add(2);
    await to(2000);
    expect(lines().map(({ fields }) => [fields['inFlight'], fields['requests'], fields['brokers']])).toEqual([
      [2, 0, 1],
      [0, 2, 1],
    ]);
  });

  it('shows the bytes of batches without an outcome', async () => {
    const outcomes = [
      (batch: Batch) => of(delivered(batch)),
      (batch: Batch) => throwError(() => new SinkError('sink', [unavailable(batch)])),
    ];
    const { sink, lines, to } = open(1000, (batch) => outcomes.shift()?.(batch) ?? NEVER);
    const batch = batchOf('t', ['message']);
    const ended: string[] = [];
    for (let n = 0; n < 3; n += 1)
      sink.write(batch, NEVER).subscribe({ complete: () => ended.push('complete'), error: () => ended.push('error') });
    await to(1000);
    expect(ended).toEqual(['complete', 'error']);
    expect(lines().map(({ fields }) => fields['queuedBytes'])).toEqual([batch.bytes]);
  });

  it('fails as a write fails, at once, and counts that', async () => {
    const { sink, lines, to } = open(1000, () => {
      throw new Error('thrown');
    });
    const errors: unknown[] = [];
    sink.write(batchOf('t', ['message']), NEVER).subscribe({ error: (error: unknown) => errors.push(error) });
    await to(1000);
    expect(errors).toHaveLength(1);
    expect(lines()[0]?.fields['queuedBytes']).toBe(0);
  });
});
