import type * as t from 'io-ts';
import { maybe, scalar } from '../codecs';

const textOf = (input: unknown): string | undefined =>
  typeof input === 'string' || typeof input === 'number' ? String(input).trim().toLowerCase() : undefined;

/** One of `words`, in any case; `later` says what a user may rightly ask for and cannot have yet. */
const wordOf = <W extends string>(words: readonly W[], later: string): t.Type<W, W> =>
  scalar(
    `${words.length > 1 ? 'one of ' : ''}${words.join(', ')} (${later})`,
    (value): value is W => words.some((word) => word === value),
    (input) => words.find((word) => word === textOf(input)),
  );

export const Compression = wordOf(
  ['none', 'gzip', 'snappy'],
  'lz4 and zstd are not available yet in this version: use snappy or gzip',
);

export const Partitioner = wordOf(['consistent_random'], "librdkafka's others are not available yet in this version");

export const SecurityProtocol = wordOf(
  ['plaintext'],
  'ssl, sasl_plaintext and sasl_ssl are not available yet in this version, and nothing is sent in the clear instead',
);

const ACKS: ReadonlyMap<string, -1 | 0 | 1> = new Map([
  ['all', -1],
  ['-1', -1],
  ['0', 0],
  ['1', 1],
]);

export const Acks: t.Type<-1 | 0 | 1> = scalar(
  'all (or -1), 1 or 0',
  (value): value is -1 | 0 | 1 => value === -1 || value === 0 || value === 1,
  (input) => ACKS.get(textOf(input) ?? ''),
);

/** Never there: batches are acknowledged one by one, and a transaction would hold them back for no gain. */
export const NoTransactions: t.Type<undefined> = maybe(
  scalar(
    'no transactional.id, since every batch is delivered by itself: remove it, and keep enable.idempotence',
    (value): value is undefined => value === undefined,
    () => undefined,
  ),
);

const DEFAULT_PORT = 9092;
const BROKER = /^(?:plaintext:\/\/)?(\[[\da-f:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/i;

const brokerOf = (text: string): string | undefined => {
  const [, host, port = String(DEFAULT_PORT)] = BROKER.exec(text) ?? [];
  return host === undefined || Number(port) < 1 || Number(port) > 65_535 ? undefined : `${host}:${Number(port)}`;
};

/** `host`, `host:port` or `[IPv6]:port`, several with commas between. */
export const Brokers: t.Type<readonly string[]> = scalar(
  'brokers as host:port, with commas between them',
  (value): value is readonly string[] => Array.isArray(value),
  (input) => {
    if (typeof input !== 'string') return undefined;
    const brokers = input
      .split(',')
      .filter((part) => part.trim() !== '')
      .map((part) => brokerOf(part.trim()));
    const good = brokers.filter((broker) => broker !== undefined);
    return good.length > 0 && good.length === brokers.length ? good : undefined;
  },
);
