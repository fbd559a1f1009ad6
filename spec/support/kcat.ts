/** Reads topics through kcat (librdkafka), a client that shares no code with the daemon. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Message {
  readonly partition: number;
  readonly offset: number;
  readonly timestampMs: number;
  /** `null` is a null key, an empty buffer an empty key. */
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  /** As kcat writes them: `name=value,name=value`, NULL for a value that is null. For headers without a line break. */
  readonly headers: string;
}

/** Ahead of every message: partition, offset, timestamp, bytes of key and value (-1: null), so that both may hold anything, headers. */
const FORMAT = '%p %o %T %K %S %h\n%k%s';

const cut = (bytes: Buffer, start: number, length: number): Buffer | null =>
  length < 0 ? null : bytes.subarray(start, start + length);

/** Calls `each` for every whole message in `bytes`; returns what is left over. */
const parse = (bytes: Buffer, each: (message: Message) => void): Buffer => {
  let at = 0;
  for (;;) {
    const lineEnd = bytes.indexOf(0x0a, at);
    if (lineEnd < 0) return bytes.subarray(at);
    const words = bytes.toString('utf8', at, lineEnd).split(' ');
    const [partition = 0, offset = 0, timestampMs = 0, keyLength = 0, valueLength = 0] = words.slice(0, 5).map(Number);
    const keyStart = lineEnd + 1;
    const valueStart = keyStart + Math.max(keyLength, 0);
    const end = valueStart + Math.max(valueLength, 0);
    if (end > bytes.length) return bytes.subarray(at);
    each({
      partition,
      offset,
      timestampMs,
      key: cut(bytes, keyStart, keyLength),
      value: cut(bytes, valueStart, valueLength),
      headers: words.slice(5).join(' '),
    });
    at = end;
  }
};

/**
 * Calls `each` for every message that stands in `topic` now, in order within a partition; checksums are verified. The
 * buffers are only valid during the call.
 *
 * @returns how many there were
 */
export const readTopic = async (brokers: string, topic: string, each: (message: Message) => void): Promise<number> => {
  const kcat = spawn(
    'kcat',
    ['-C', '-b', brokers, '-t', topic, '-o', 'beginning', '-e', '-q', '-X', 'check.crcs=true', '-f', FORMAT],
    { stdio: ['ignore', 'pipe', 'pipe'] },
  );
  const closed = once(kcat, 'close');
  let errors = '';
  kcat.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  let count = 0;
  let rest = Buffer.alloc(0);
  for await (const chunk of kcat.stdout) {
    rest = Buffer.from(
      parse(Buffer.concat([rest, chunk as Buffer]), (message) => {
        count += 1;
        each(message);
      }),
    );
  }
  await closed;
  if (kcat.exitCode !== 0) throw new Error(`kcat could not read ${topic}: ${errors}`);
  return count;
};

/** kcat ends where it finds no broker or no topic. */
const FOLLOW_AGAIN_MS = 200;
/** librdkafka waits up to 10 s before it connects again, which would be in every measure of what comes after an outage. */
const IMPATIENT = [
  'reconnect.backoff.ms=50',
  'reconnect.backoff.max.ms=100',
  'topic.metadata.refresh.interval.ms=1000',
];

/**
 * Calls `each` for every message of `topic` as it comes, from the beginning, over outages of the broker too; after one a
 * message may come again. Returns how to end it.
 */
export const followTopic = (
  brokers: string,
  topic: string,
  each: (message: Message) => void,
): (() => Promise<void>) => {
  const options = ['-b', brokers, '-t', topic, '-o', 'beginning', ...IMPATIENT.flatMap((option) => ['-X', option])];
  const abort = new AbortController();
  const follow = async (): Promise<void> => {
    while (!abort.signal.aborted) {
      const kcat = spawn('kcat', ['-C', '-u', '-q', ...options, '-f', FORMAT], { stdio: ['ignore', 'pipe', 'ignore'] });
      const end = (): void => void kcat.kill('SIGKILL');
      abort.signal.addEventListener('abort', end);
      let rest = Buffer.alloc(0);
      kcat.stdout.on('data', (chunk: Buffer) => (rest = Buffer.from(parse(Buffer.concat([rest, chunk]), each))));
      await once(kcat, 'close');
      abort.signal.removeEventListener('abort', end);
      await sleep(FOLLOW_AGAIN_MS, undefined, { signal: abort.signal }).catch(() => undefined);
    }
  };
  const ended = follow();
  return async () => {
    abort.abort();
    await ended;
  };
};

/** All messages of a small topic. */
export const messagesOfTopic = async (brokers: string, topic: string): Promise<readonly Message[]> => {
  const messages: Message[] = [];
  await readTopic(brokers, topic, ({ key, value, ...rest }) =>
    messages.push({ ...rest, key: key && Buffer.from(key), value: value && Buffer.from(value) }),
  );
  return messages;
};
