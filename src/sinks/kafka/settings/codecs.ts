import { anyOfWords, scalar, type Codec } from '../../codecs';

const isText = (value: unknown): value is string => typeof value === 'string';

/** Text that is not empty. A whole number counts as its digits, where JavaScript has kept them all. */
const readText = (input: unknown): string | undefined =>
  isText(input) && input !== '' ? input : Number.isSafeInteger(input) ? String(input) : undefined;

export const Text: Codec<string> = scalar('a non-empty string', isText, readText, {
  anyOf: [{ type: 'string', minLength: 1 }, { type: 'integer' }],
});

const ACKS: ReadonlyMap<string, -1 | 0 | 1> = new Map([
  ['all', -1],
  ['-1', -1],
  ['0', 0],
  ['1', 1],
]);

export const Acks: Codec<-1 | 0 | 1> = scalar(
  'all (or -1), 1 or 0',
  (value): value is -1 | 0 | 1 => value === -1 || value === 0 || value === 1,
  (input) => ACKS.get(readText(input)?.trim().toLowerCase() ?? ''),
  { anyOf: [{ enum: ['all', -1, 0, 1] }, { type: 'string', pattern: anyOfWords(ACKS.keys()) }] },
  (acks) => (acks === -1 ? 'all' : acks),
);

const DEFAULT_PORT = 9092;
const BROKER = /^(?:([a-zA-Z_]+):\/\/)?(\[[\da-fA-F:.]+\]|[\w.-]+)(?::(\d{1,5}))?$/;
/** The same, several with commas between them. */
const BROKERS = `^[\\s,]*${BROKER.source.slice(1, -1)}(?:\\s*,[\\s,]*${BROKER.source.slice(1, -1)})*[\\s,]*$`;

/** A broker as the user names it. */
export interface Broker {
  /** `host:port`. */
  readonly address: string;
  /** The protocol before `://`, in lower case. */
  readonly protocol: string | undefined;
}

const brokerOf = (text: string): Broker | undefined => {
  const [, protocol, host, port = String(DEFAULT_PORT)] = BROKER.exec(text) ?? [];
  if (host === undefined || Number(port) < 1 || Number(port) > 65_535) return undefined;
  return { address: `${host}:${Number(port)}`, protocol: protocol?.toLowerCase() };
};

/** `host`, `host:port` or `[IPv6]:port`, several with commas between, each maybe with a protocol before it. */
export const Brokers: Codec<readonly Broker[]> = scalar(
  'brokers as host:port, with commas between them',
  (value): value is readonly Broker[] => Array.isArray(value),
  (input) => {
    if (!isText(input)) return undefined;
    const brokers = input
      .split(',')
      .filter((part) => part.trim() !== '')
      .map((part) => brokerOf(part.trim()));
    const good = brokers.filter((broker) => broker !== undefined);
    return good.length > 0 && good.length === brokers.length ? good : undefined;
  },
  { type: 'string', pattern: BROKERS, examples: ['kafka1:9092,kafka2:9092'] },
  (brokers) =>
    brokers.map(({ address, protocol }) => (protocol === undefined ? address : `${protocol}://${address}`)).join(','),
);

const CONTEXTS: ReadonlySet<string> = new Set(
  (
    'generic broker topic metadata feature queue msg protocol cgrp security fetch interceptor plugin consumer admin eos ' +
    'mock assignor conf telemetry all'
  ).split(' '),
);

/** Names of librdkafka's debug contexts with commas between them; the value says whether there is one. */
export const Debug: Codec<string> = scalar(
  'debug contexts of librdkafka such as broker,topic,msg or all',
  isText,
  (input) => {
    if (!isText(input)) return undefined;
    const contexts = input
      .split(',')
      .map((context) => context.trim().toLowerCase())
      .filter((context) => context !== '');
    return contexts.every((context) => CONTEXTS.has(context)) ? contexts.join(',') : undefined;
  },
  { type: 'string', examples: ['broker,topic,msg', 'all'] },
);

/** Certificates or a key as text; that the line breaks are real ones is the usual mistake. */
export const Pem: Codec<string> = scalar(
  'PEM: -----BEGIN …-----, lines with real line breaks (\\n in JSON), -----END …-----',
  isText,
  (input) => (isText(input) && /-----BEGIN [^-]+-----\r?\n[^]+\n-----END [^-]+-----/.test(input) ? input : undefined),
  { type: 'string', pattern: '-----BEGIN [^-]+-----\\r?\\n' },
);

const readUrl = (input: unknown): string | undefined => {
  const text = isText(input) ? input.trim() : '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' ? text : undefined;
};

export const HttpUrl: Codec<string> = scalar(
  'a URL that starts with https:// or http://, with no name or password in it',
  isText,
  readUrl,
  { type: 'string', pattern: '^\\s*[hH][tT][tT][pP][sS]?:' },
);

const EXTENSION = /^([A-Za-z]+)=([\x20-\x7e\t\r\n]+)$/;

const readExtensions = (input: unknown): Readonly<Record<string, string>> | undefined => {
  if (!isText(input)) return undefined;
  const pairs = input
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '')
    .map((part): readonly [string, string] | undefined => {
      const [, name, value] = EXTENSION.exec(part) ?? [];
      return name === undefined || value === undefined || name === 'auth' ? undefined : [name, value];
    });
  const good = pairs.filter((pair) => pair !== undefined);
  return good.length === pairs.length ? Object.fromEntries(good) : undefined;
};

/** Extensions of a token (KIP-342): a name of letters other than `auth`, which the protocol takes for itself. */
export const Extensions: Codec<Readonly<Record<string, string>>> = scalar(
  'extensions as name=value, with commas between them, names of letters alone and not auth',
  (value): value is Readonly<Record<string, string>> => typeof value === 'object' && value !== null,
  readExtensions,
  { type: 'string' },
  (extensions) =>
    Object.entries(extensions)
      .map(([name, value]) => `${name}=${value}`)
      .join(','),
);
