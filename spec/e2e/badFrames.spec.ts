import path from 'node:path';
import { encodeFrame } from '../../src/wire/frame';
import { openClient, send, type Client } from '../support/client';
import { endDaemons, startDaemon, type Daemon, type Ended } from '../support/daemon';
import {
  brokers,
  describeKafka,
  fileStream,
  finalLedger,
  freshTopic,
  kafkaWithBackup,
  oneBucket,
  refused,
  rowOf,
} from '../support/endToEnd';
import { messagesOfTopic } from '../support/kcat';
import { addFiles, Arrivals, filesIn, NO_FAULTS, numberedFrame } from '../support/numbered';

const GOOD = 'good';
const NEIGHBOURS_MESSAGES = 100;

const lengthOf = (length: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(length);
  return bytes;
};

/** A frame with any body. */
const framed = (...body: readonly (number | string)[]): Buffer => {
  const bytes = Buffer.concat(body.map((part) => (typeof part === 'number' ? Buffer.of(part) : Buffer.from(part))));
  return Buffer.concat([lengthOf(bytes.length), bytes]);
};

/** Runs `misbehave` between the halves of what a good neighbour sends; all of the neighbour's messages must arrive. */
const besideANeighbour = async (
  misbehave: (daemon: Daemon) => Promise<void>,
  { env = {}, buckets = oneBucket(GOOD, { copy: fileStream() }) } = {},
): Promise<Ended & { readonly folder: string }> => {
  const daemon = await startDaemon({ env, buckets });
  const neighbour = await openClient(daemon.socket);
  for (let n = 0; n < NEIGHBOURS_MESSAGES / 2; n += 1) await neighbour.write(numberedFrame(GOOD, n));
  await misbehave(daemon);
  for (let n = NEIGHBOURS_MESSAGES / 2; n < NEIGHBOURS_MESSAGES; n += 1) await neighbour.write(numberedFrame(GOOD, n));
  await neighbour.end();
  const ended = await daemon.stop();

  expect(ended.code).toBe(0);
  const arrivals = new Arrivals(NEIGHBOURS_MESSAGES);
  await addFiles(arrivals, path.join(daemon.folder, 'copy', GOOD));
  expect(arrivals.faults()).toEqual(NO_FAULTS);
  return { ...ended, folder: daemon.folder };
};

afterEach(endDaemons);

describe('a frame that is', () => {
  it.each([
    ['of length 0', framed()],
    ['of a length byte alone', framed(5)],
    ['cut within the bucket', framed(5, 'goo')],
    ['without a key length', framed(4, 'good')],
    ['cut within the key', framed(4, 'good', 10, 'key')],
    ['of an unknown extended type', framed(0, 99, 'rest')],
    ['of an empty bucket and nothing more', framed(0)],
    ['for a bucket that is not UTF-8', Buffer.concat([lengthOf(4), Buffer.of(2, 0xc3, 0x28, 0)])],
  ])('%s is skipped and counted, and the connection goes on', async (_, bad) => {
    const after = numberedFrame('after', 0);
    const ended = await besideANeighbour((daemon) => send(daemon.socket, bad, after), {
      buckets: {
        streamsConfigs: { copy: fileStream() },
        buckets: [GOOD, 'after'].map((id) => ({ id, streams: ['copy'], batch: 100, batchTimeout: 50 })),
      },
    });
    expect(refused(finalLedger(ended))).toEqual({ malformed: 1 });
    expect(rowOf(finalLedger(ended), 'after', 'copy').delivered).toBe(1);
    expect(ended.lines).toContainEqual(expect.objectContaining({ level: 'WARN', msg: 'malformed frame skipped' }));
  });

  it('longer than MAX_FRAME is skipped and counted, and the connection goes on', async () => {
    const ended = await besideANeighbour(
      (daemon) => send(daemon.socket, encodeFrame(GOOD, Buffer.alloc(3000)), numberedFrame('elsewhere', 0)),
      { env: { MAX_FRAME: 2000 } },
    );
    expect(refused(finalLedger(ended))).toEqual({ too_large: 1, no_such_bucket: 1 });
  });

  it('longer than the whole memory is skipped, and nothing is allocated on its claim', async () => {
    const ended = await besideANeighbour((daemon) => send(daemon.socket, lengthOf(60 * 1024 * 1024), 'x'));
    expect(refused(finalLedger(ended))).toMatchObject({ too_large: 1 });
  });

  it('not whole when its connection ends is counted, what came before it is kept', async () => {
    const ended = await besideANeighbour((daemon) => {
      const half = numberedFrame(GOOD, 0).subarray(0, 20);
      return send(daemon.socket, Buffer.concat([numberedFrame('before', 0), half]));
    });
    expect(refused(finalLedger(ended))).toEqual({ truncated: 1, no_such_bucket: 1 });
  });

  it('never finished closes its connection after FRAME_TIMEOUT', async () => {
    const ended = await besideANeighbour(
      async (daemon) => {
        const client = await openClient(daemon.socket);
        await client.write(numberedFrame(GOOD, 0).subarray(0, 20));
        await client.closed;
      },
      { env: { FRAME_TIMEOUT: '200ms' } },
    );
    expect(refused(finalLedger(ended))).toEqual({ truncated: 1 });
  });

  it('whole, though it comes byte by byte, is a frame: so is a header cut in two', async () => {
    const frame = encodeFrame('slow', 'message', 'key');
    const ended = await besideANeighbour(
      (daemon) =>
        send(daemon.socket, ...Array.from(frame, (byte) => Buffer.of(byte)), frame.subarray(0, 2), frame.subarray(2)),
      {
        buckets: {
          ...Object(oneBucket(GOOD, { copy: fileStream() })),
          defaultBucket: { id: 'default', streams: ['copy'] },
        },
      },
    );
    expect(refused(finalLedger(ended))).toEqual({});
    expect(rowOf(finalLedger(ended), 'slow', 'copy').delivered).toBe(2);
  });
});

describe('bytes that are no frames', () => {
  it.each([
    ['a length of 2^32-1', lengthOf(2 ** 32 - 1)],
    ['HTTP', 'GET / HTTP/1.1\r\nHost: localhost\r\n\r\n'],
    ['a line of text', 'hello, is anybody there?\n'],
  ])('%s closes the connection, with a line that says so', async (_, bytes) => {
    const ended = await besideANeighbour(async (daemon) => {
      const client = await openClient(daemon.socket);
      await client.write(bytes);
      await client.closed;
    });
    expect(refused(finalLedger(ended))).toEqual({ not_frames: 1 });
    expect(ended.lines).toContainEqual(
      expect.objectContaining({ level: 'WARN', msg: 'these are no frames, connection closed' }),
    );
  });
});

describe('a bucket', () => {
  const withDefault = {
    buckets: {
      streamsConfigs: { copy: fileStream() },
      buckets: [{ id: GOOD, streams: ['copy'], batch: 100, batchTimeout: 50 }],
      defaultBucket: { id: 'default', streams: ['copy'], batch: 100, batchTimeout: 50 },
    },
  };

  it.each([
    ['that climbs out of the folder', '../x'],
    ['that is the parent folder', '..'],
    ['that is an absolute path', '/tmp/x'],
    ['of 255 bytes', 'b'.repeat(255)],
    ['with NUL', 'a\0b'],
    ['named like a property of objects', '__proto__'],
    ['named like a method of objects', 'constructor'],
  ])('%s keeps its messages, inside the folder', async (_, bucket) => {
    const frame = encodeFrame(bucket, 'message', 'key');
    const ended = await besideANeighbour((daemon) => send(daemon.socket, frame), withDefault);
    expect(rowOf(finalLedger(ended), bucket, 'copy')).toMatchObject({ received: 1, delivered: 1 });
    const files = await filesIn(ended.folder);
    expect(files.filter((file) => !file.startsWith(path.join(ended.folder, 'copy'))).toSorted()).toEqual([
      path.join(ended.folder, '.env.dev.local'),
      path.join(ended.folder, 'buckets.json'),
    ]);
  });

  it('of 8 bytes with a key of 250 bytes is legal', async () => {
    const frame = encodeFrame('12345678', 'message', 'k'.repeat(250));
    const ended = await besideANeighbour((daemon) => send(daemon.socket, frame), withDefault);
    expect(rowOf(finalLedger(ended), '12345678', 'copy').delivered).toBe(1);
  });

  it('that nobody configured, without a default one, is dropped, counted and logged', async () => {
    const ended = await besideANeighbour((daemon) => send(daemon.socket, encodeFrame('unknown', 'message')));
    expect(refused(finalLedger(ended))).toEqual({ no_such_bucket: 1 });
    expect(ended.lines).toContainEqual(
      expect.objectContaining({ msg: 'no such bucket, messages dropped', bucket: '"unknown"' }),
    );
  });
});

describeKafka('a bucket that can be no topic', () => {
  it.each([
    ['a path', '../x'],
    ['255 bytes', 'b'.repeat(255)],
    ['NUL', 'a\0b'],
  ])("%s goes to no topic, is not lost, and is in nobody else's way", async (_, bucket) => {
    const topic = freshTopic('neighbour');
    const daemon = await startDaemon({
      buckets: {
        streamsConfigs: { kafka: kafkaWithBackup(brokers()) },
        buckets: [],
        defaultBucket: { id: 'default', streams: ['kafka'], batch: 100, batchTimeout: 50 },
      },
    });
    await send(daemon.socket, encodeFrame(bucket, 'message', 'key'), encodeFrame(topic, 'good', 'key'));
    const ended = await daemon.stop();

    expect(ended.code).toBe(0);
    const ledger = finalLedger(ended);
    expect(rowOf(ledger, topic, 'kafka')).toMatchObject({ received: 1, delivered: 1 });
    const bad = rowOf(ledger, bucket, 'kafka');
    expect(bad).toMatchObject({ received: 1, delivered: 0, dropped: {} });
    expect(bad.deadLettered + bad.backedUp).toBe(1);
    const messages = await messagesOfTopic(brokers(), topic);
    expect(messages.map(({ key, value }) => [key?.toString(), value?.toString()])).toEqual([['key', 'good']]);
  });
});

describe('10,000 half frames', () => {
  const HALVES = 10_000;
  /** Fewer than may wait to be accepted. */
  const AT_ONCE = 1000;

  it('of as many connections that stay open harm nobody, and are counted', async () => {
    const half = numberedFrame(GOOD, 0, { bytes: 1000 }).subarray(0, 500);
    const ended = await besideANeighbour(async (daemon) => {
      const clients: Client[] = [];
      while (clients.length < HALVES) {
        const more = await Promise.all(Array.from({ length: AT_ONCE }, () => openClient(daemon.socket)));
        await Promise.all(more.map(({ write }) => write(half)));
        clients.push(...more);
      }
      for (const { socket } of clients) socket.end();
      await Promise.all(clients.map(({ closed }) => closed));
    });
    expect(refused(finalLedger(ended))).toEqual({ truncated: HALVES });
  }, 60_000);
});
