import { randomBytes } from 'node:crypto';
import { lastValueFrom, NEVER, toArray } from 'rxjs';
import { createSlots } from '../../src/control/slots';
import type { Batch } from '../../src/model';
import type { CodecName } from '../../src/sinks/kafka/settings';
import { encodeFrame } from '../../src/wire/frame';
import { batchOfRun } from '../../src/testing/builders';
import { readByKafka, storedBytes, type Pair } from '../support/consoleConsumer';
import { brokers, describeKafka, freshTopic } from '../support/endToEnd';
import { readTopic } from '../support/kcat';
import { openKafka } from '../support/openKafka';
import { createTopic } from '../support/topics';

const CODECS: readonly CodecName[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const KINDS = ['small', 'large', 'incompressible'] as const;
type Kind = (typeof KINDS)[number];

/** One topic: how its messages were written, and what they are. */
interface Written {
  readonly topic: string;
  readonly codec: CodecName;
  readonly slots: number;
  readonly kind: Kind;
  /** Each list is a batch. */
  readonly batches: readonly (readonly Buffer[])[];
}

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, n) => n);

/** `large` and `incompressible` are more than two full record batches of 1 MB, `small` are alone in theirs. */
const MESSAGES: Readonly<Record<Kind, () => Written['batches']>> = {
  small: () => numbers(20).map((n) => [Buffer.from(`${n} small small small small small small small small small`)]),
  large: () => [numbers(2500).map((n) => Buffer.from(`${n} ${`some words that compress ${n} `.repeat(40)}`))],
  incompressible: () => [numbers(60).map(() => randomBytes(40_000))],
};

const batchOf = ({ topic }: Written, values: readonly Buffer[]): Batch => {
  const encoded = values.map((value) => encodeFrame(topic, value, topic));
  return batchOfRun(topic, encoded, Date.now());
};

const write = async (written: Written): Promise<number> => {
  const { topic, codec, slots, batches } = written;
  // One partition, so that all messages meet in the same record batches and are in order.
  await createTopic(brokers(), topic, 1);
  const settings = { 'compression.codec': codec, 'batch.size': 1_000_000 };
  const sink = await openKafka(brokers(), settings, { compressions: createSlots(slots) });
  let delivered = 0;
  for (const values of batches) {
    const receipts = await lastValueFrom(sink.write(batchOf(written, values), NEVER).pipe(toArray()));
    delivered += receipts.reduce((sum, { batch }) => sum + batch.count, 0);
  }
  await sink.close();
  return delivered;
};

const expectAll = (found: readonly Buffer[], { batches }: Written): void => {
  const sent = batches.flat();
  expect(found.length).toBe(sent.length);
  expect(found.findIndex((value, n) => !value.equals(sent[n] ?? Buffer.alloc(0)))).toBe(-1);
};

describeKafka('record batches of every codec', () => {
  const all: readonly Written[] = CODECS.flatMap((codec) =>
    [0, 1].flatMap((slots) =>
      KINDS.map((kind) => ({
        topic: freshTopic(`codec-${codec}-${slots}-${kind}`),
        codec,
        slots,
        kind,
        batches: MESSAGES[kind](),
      })),
    ),
  );
  const byName = all.map((written): readonly [string, number, Kind, Written] => [
    written.codec,
    written.slots,
    written.kind,
    written,
  ]);

  it.each(byName)('%s, with %d slots on the pool, %s: librdkafka reads all', async (...[, , , written]) => {
    expect(await write(written)).toBe(written.batches.flat().length);
    const found: Buffer[] = [];
    await readTopic(brokers(), written.topic, ({ value }) => found.push(Buffer.from(value ?? '')));
    expectAll(found, written);
  });

  describe("with Kafka's own tools", () => {
    let pairs: ReadonlyMap<string, readonly Pair[]>;
    let bytes: ReadonlyMap<string, number>;
    beforeAll(async () => {
      const topics = all.map(({ topic }) => topic);
      const found = await readByKafka(
        brokers(),
        topics,
        all.reduce((sum, { batches }) => sum + batches.flat().length, 0),
      );
      const byTopic = new Map<string, Pair[]>(topics.map((topic) => [topic, []]));
      for (const pair of found) byTopic.get(pair.key.toString())?.push(pair);
      pairs = byTopic;
      bytes = await storedBytes(brokers(), topics);
    }, 60_000);

    it.each(byName)('%s, with %d slots on the pool, %s: the consumer reads all', (...[, , , written]) =>
      expectAll(
        (pairs.get(written.topic) ?? []).map(({ value }) => value),
        written,
      ),
    );

    it.each(byName)('%s, with %d slots on the pool, %s: is stored as it was sent', (...[codec, , kind, written]) => {
      const raw = written.batches.flat().reduce((sum, value) => sum + value.length, 0);
      const ratio = (bytes.get(written.topic) ?? NaN) / raw;
      if (codec !== 'none' && kind === 'large') expect(ratio).toBeLessThan(0.2);
      else expect(ratio).toBeGreaterThan(1);
    });
  });
});
