/**
 * What a broker's error code means for a record batch.
 *
 * - `retry`: resend it. `written`: whether the broker may have appended it. `refresh`: somebody else may lead the partition
 * - `topic`: the topic cannot take anything now; not appended
 * - `too_large`: to be halved down to the message that is
 * - `invalid`: some of its records never will be taken
 * - `sequence`: the broker's book of what this producer sent is another one
 * - `poison`: none of its messages will ever be taken
 */
export type Verdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly written: 'no' | 'unknown'; readonly refresh: boolean; readonly message: string }
  | { readonly kind: 'topic' | 'too_large' | 'invalid' | 'sequence' | 'poison'; readonly message: string };

const NOT_APPENDED = { kind: 'retry', written: 'no', refresh: false } as const;
const ELSEWHERE = { kind: 'retry', written: 'no', refresh: true } as const;
const AMBIGUOUS = { kind: 'retry', written: 'unknown', refresh: false } as const;

type Meaning =
  | typeof NOT_APPENDED
  | typeof ELSEWHERE
  | typeof AMBIGUOUS
  | { readonly kind: Exclude<Verdict['kind'], 'retry' | 'done'> };

/** @see https://kafka.apache.org/protocol#protocol_error_codes */
const MEANINGS: ReadonlyMap<number, readonly [name: string, meaning: Meaning]> = new Map([
  [2, ['CORRUPT_MESSAGE', NOT_APPENDED]],
  [3, ['UNKNOWN_TOPIC_OR_PARTITION', ELSEWHERE]],
  [5, ['LEADER_NOT_AVAILABLE', ELSEWHERE]],
  [6, ['NOT_LEADER_OR_FOLLOWER', ELSEWHERE]],
  [7, ['REQUEST_TIMED_OUT', AMBIGUOUS]],
  [10, ['MESSAGE_TOO_LARGE', { kind: 'too_large' }]],
  [17, ['INVALID_TOPIC_EXCEPTION', { kind: 'poison' }]],
  [18, ['RECORD_LIST_TOO_LARGE', { kind: 'too_large' }]],
  [19, ['NOT_ENOUGH_REPLICAS', NOT_APPENDED]],
  [20, ['NOT_ENOUGH_REPLICAS_AFTER_APPEND', AMBIGUOUS]],
  [29, ['TOPIC_AUTHORIZATION_FAILED', { kind: 'topic' }]],
  [31, ['CLUSTER_AUTHORIZATION_FAILED', { kind: 'topic' }]],
  [32, ['INVALID_TIMESTAMP', { kind: 'invalid' }]],
  [43, ['UNSUPPORTED_FOR_MESSAGE_FORMAT', { kind: 'poison' }]],
  [45, ['OUT_OF_ORDER_SEQUENCE_NUMBER', { kind: 'sequence' }]],
  [47, ['INVALID_PRODUCER_EPOCH', { kind: 'sequence' }]],
  [56, ['KAFKA_STORAGE_ERROR', { ...AMBIGUOUS, refresh: true }]],
  [59, ['UNKNOWN_PRODUCER_ID', { kind: 'sequence' }]],
  [74, ['FENCED_LEADER_EPOCH', ELSEWHERE]],
  [76, ['UNSUPPORTED_COMPRESSION_TYPE', { kind: 'poison' }]],
  [87, ['INVALID_RECORD', { kind: 'invalid' }]],
  [90, ['PRODUCER_FENCED', { kind: 'sequence' }]],
] as readonly (readonly [number, readonly [string, Meaning]])[]);

/** The batch is there already: an earlier attempt arrived after all. */
const DUPLICATE_SEQUENCE_NUMBER = 46;

/** `NAME (code)`, with what the broker said. */
export const describeCode = (code: number, said?: string): string =>
  `${MEANINGS.get(code)?.[0] ?? 'error'} (${code})${said ? `: ${said}` : ''}`;

/** A code nobody knows may mean anything, so that the batch may be there. */
export const verdictOf = (code: number, said?: string): Verdict => {
  if (code === 0 || code === DUPLICATE_SEQUENCE_NUMBER) return { kind: 'done' };
  const [, meaning] = MEANINGS.get(code) ?? ['', AMBIGUOUS];
  return { ...meaning, message: describeCode(code, said) };
};
