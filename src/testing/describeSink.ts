import { randomUUID } from 'node:crypto';
import { EMPTY, NEVER, Subject, firstValueFrom, of, type Observable } from 'rxjs';
import type { Batch, Sink } from '../model';
import { batchOf, messagesOf } from './builders';
import { written, type Written } from './written';

/** A sink of its own for one law. */
export interface OpenedSink {
  readonly sink: Sink;
  /** The messages that lie there for a bucket, in order. Left out by a sink that forgets. */
  readonly stored?: (bucket: string) => Promise<readonly string[]>;
  /** Removes what opening made; comes after `sink.close`. */
  readonly dispose?: () => Promise<void>;
}

export interface SinkConformance<O extends OpenedSink = OpenedSink> {
  readonly open: () => Promise<O>;
  /** Takes away, for real, what the sink writes to, and gives it back. Without it the laws of an outage are left out. */
  readonly outage?: { readonly begin: (opened: O) => Promise<void>; readonly end: (opened: O) => Promise<void> };
  /** Default 10,000. */
  readonly timeoutMs?: number;
}

interface Ended extends Written {
  readonly batch: Batch;
}

/** Subscribes at once. Anything but a SinkError is a failure of the law. */
const start = async (sink: Sink, batch: Batch, giveUp$?: Observable<unknown>): Promise<Ended> => ({
  batch,
  ...(await written(sink, batch, giveUp$)),
});

const inReceipts = ({ receipts }: Ended): readonly string[] => receipts.flatMap(({ batch }) => messagesOf(batch));
const inRest = ({ rest }: Ended): readonly string[] => rest.flatMap(({ batch }) => messagesOf(batch));
const surelyNot = ({ rest }: Ended): readonly string[] =>
  rest.filter(({ written }) => written === 'no').flatMap(({ batch }) => messagesOf(batch));

/** receipts + rest = the batch, nothing twice, and the counts say so too. */
const expectExact = (ended: Ended): void => {
  expect([...inReceipts(ended), ...inRest(ended)].sort()).toEqual([...messagesOf(ended.batch)].sort());
  for (const { batch } of [...ended.receipts, ...ended.rest]) {
    expect({ bucket: batch.bucket, count: batch.count }).toEqual({
      bucket: ended.batch.bucket,
      count: messagesOf(batch).length,
    });
  }
};

const expectAllTaken = (ended: Ended): void => {
  expect(ended.rest).toEqual([]);
  expectExact(ended);
};

/** A law may close the sink itself; whatever it did, the sink is closed once in the end. */
const once = (close: Sink['close']): Sink['close'] => {
  let closing: Promise<void> | undefined;
  return () => (closing ??= close());
};

const bucketName = (): string => `law-${randomUUID()}`;

const batches = (bucket: string, howMany: number, messagesEach: number): readonly Batch[] =>
  Array.from({ length: howMany }, (_, b) =>
    batchOf(
      bucket,
      Array.from({ length: messagesEach }, (__, m) => `${b}.${m}`),
    ),
  );

/**
 * The laws that every sink keeps, run against a real one.
 *
 * ```ts
 * describeSink('file', { open: async () => ({ sink: await openFileSink(), stored: readBucket }) });
 * ```
 */
export const describeSink = <O extends OpenedSink>(name: string, conformance: SinkConformance<O>): void => {
  const { open, outage, timeoutMs = 10_000 } = conformance;

  const law = (text: string, check: (opened: O) => Promise<void>): void =>
    it(
      text,
      async () => {
        const opened = await open();
        const close = once(opened.sink.close);
        try {
          await check({ ...opened, sink: { ...opened.sink, close } });
        } finally {
          await close();
          await opened.dispose?.();
        }
      },
      timeoutMs,
    );

  const expectStored = async ({ stored }: O, bucket: string, messages: readonly string[]): Promise<void> => {
    if (stored) expect(await stored(bucket)).toEqual(messages);
  };

  describe(`${name} as a sink`, () => {
    law('takes an empty batch and completes', async (opened) => {
      const bucket = bucketName();
      const ended = await start(opened.sink, batchOf(bucket, []));
      expectAllTaken(ended);
      // A sink that makes its place at the first message may have none yet: what counts is what comes after.
      expectAllTaken(await start(opened.sink, batchOf(bucket, ['after'])));
      await expectStored(opened, bucket, ['after']);
    });

    law('takes one message', async (opened) => {
      const bucket = bucketName();
      expectAllTaken(await start(opened.sink, batchOf(bucket, ['one'])));
      await expectStored(opened, bucket, ['one']);
    });

    law('takes an empty message, and one of all bytes', async (opened) => {
      const bucket = bucketName();
      const bytes = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code)).join('');
      expectAllTaken(await start(opened.sink, batchOf(bucket, ['', bytes])));
      await expectStored(opened, bucket, ['', bytes]);
    });

    law('takes many messages in order', async (opened) => {
      const bucket = bucketName();
      const [batch = batchOf(bucket, [])] = batches(bucket, 1, 5000);
      expectAllTaken(await start(opened.sink, batch));
      await expectStored(opened, bucket, messagesOf(batch));
    });

    law('takes a batch whose runs hold several messages each', async (opened) => {
      const bucket = bucketName();
      const { frames } = batchOf(bucket, ['a', 'b', 'c']);
      const run = frames.map(({ bytes }) => bytes);
      const [first] = frames;
      if (!first) throw new Error('a batch of three messages has a run');
      const joined = { ...first, bytes: Buffer.concat(run), count: 3 };
      const batch: Batch = {
        bucket,
        frames: [joined],
        count: 3,
        bytes: joined.bytes.length,
        closedBy: 'count',
      };
      expectAllTaken(await start(opened.sink, batch));
      await expectStored(opened, bucket, ['a', 'b', 'c']);
    });

    law('keeps the order of subscription in a bucket while many writes are under way', async (opened) => {
      const bucket = bucketName();
      const many = batches(bucket, 200, 3);
      const ended = await Promise.all(many.map((batch) => start(opened.sink, batch)));
      ended.forEach(expectAllTaken);
      await expectStored(opened, bucket, many.flatMap(messagesOf));
    });

    law('keeps several buckets apart', async (opened) => {
      const buckets = Array.from({ length: 5 }, bucketName);
      const many = buckets.map((bucket) => batches(bucket, 20, 2));
      const interleaved = many[0]?.flatMap((_, b) => many.flatMap((ofBucket) => ofBucket.slice(b, b + 1))) ?? [];
      const ended = await Promise.all(interleaved.map((batch) => start(opened.sink, batch)));
      ended.forEach(expectAllTaken);
      for (const [at, bucket] of buckets.entries()) {
        await expectStored(opened, bucket, (many[at] ?? []).flatMap(messagesOf));
      }
    });

    law('ignores a giveUp$ that ends without a word', async (opened) => {
      const bucket = bucketName();
      expectAllTaken(await start(opened.sink, batchOf(bucket, ['kept']), EMPTY));
      await expectStored(opened, bucket, ['kept']);
    });

    law('gives up with an exact rest when giveUp$ has emitted already', async (opened) => {
      const bucket = bucketName();
      const ended = await start(opened.sink, batchOf(bucket, ['x', 'y']), of('stop'));
      expectExact(ended);
      const after = await start(opened.sink, batchOf(bucket, ['after']));
      expectAllTaken(after);
      if (!opened.stored) return;
      const found = await opened.stored(bucket);
      expect(found).toEqual(expect.arrayContaining([...inReceipts(ended), 'after']));
      expect(found.filter((message) => surelyNot(ended).includes(message))).toEqual([]);
    });

    law('gives up promptly and exactly while writes are under way', async (opened) => {
      const bucket = bucketName();
      const giveUp$ = new Subject<string>();
      const many = batches(bucket, 100, 3);
      const writes = many.map((batch) => start(opened.sink, batch, giveUp$));
      giveUp$.next('stop');
      const ended = await Promise.all(writes);
      ended.forEach(expectExact);
      expectAllTaken(await start(opened.sink, batchOf(bucket, ['after'])));
      if (!opened.stored) return;
      const found = await opened.stored(bucket);
      const taken = ended.flatMap(inReceipts);
      const not = new Set(ended.flatMap(surelyNot));
      expect(found.filter((message) => taken.includes(message))).toEqual(taken);
      expect(found.filter((message) => not.has(message))).toEqual([]);
      expect(found.at(-1)).toBe('after');
    });

    law('goes on with a write whose subscriber is gone', async (opened) => {
      const bucket = bucketName();
      opened.sink
        .write(batchOf(bucket, ['unwatched']), NEVER)
        .subscribe()
        .unsubscribe();
      expectAllTaken(await start(opened.sink, batchOf(bucket, ['watched'])));
      await expectStored(opened, bucket, ['unwatched', 'watched']);
    });

    law('tells its latest health to whoever comes, and comes late', async (opened) => {
      expectAllTaken(await start(opened.sink, batchOf(bucketName(), ['one'])));
      expect(await firstValueFrom(opened.sink.health$)).toEqual({ state: 'up' });
      expect(await firstValueFrom(opened.sink.health$)).toEqual({ state: 'up' });
    });

    law('has ended all writes when close resolves', async (opened) => {
      const bucket = bucketName();
      const many = batches(bucket, 50, 4);
      const ended: Ended[] = [];
      const writes = many.map((batch) => start(opened.sink, batch).then((end) => ended.push(end)));
      await opened.sink.close();
      await Promise.all(writes);
      ended.forEach(expectAllTaken);
      await expectStored(opened, bucket, many.flatMap(messagesOf));
    });

    if (outage) {
      law('loses and doubles nothing in an outage, and takes messages again after it', async (opened) => {
        const bucket = bucketName();
        const before = await start(opened.sink, batchOf(bucketName(), ['before']));
        expectAllTaken(before);

        await outage.begin(opened);
        const giveUp$ = new Subject<string>();
        const many = batches(bucket, 10, 2);
        const writes = many.map((batch) => start(opened.sink, batch, giveUp$));
        giveUp$.next('stop');
        const ended = await Promise.all(writes);
        await outage.end(opened);

        ended.forEach(expectExact);
        expect(ended.flatMap(inReceipts)).toEqual([]);
        const again = await Promise.all(many.map((batch) => start(opened.sink, batch)));
        again.forEach(expectAllTaken);
        expect(await firstValueFrom(opened.sink.health$)).toEqual({ state: 'up' });

        if (!opened.stored) return;
        const found = await opened.stored(bucket);
        const doubtful = ended.flatMap(inRest).filter((message) => !ended.flatMap(surelyNot).includes(message));
        const sure = messagesOf({ frames: many.flatMap(({ frames }) => frames) }).filter((m) => !doubtful.includes(m));
        expect(found.filter((message) => sure.includes(message))).toEqual(sure);
        expect(found).toEqual(expect.arrayContaining(doubtful));
      });
    }
  });
};
