/**
 * What a broker's error code means for a record batch.
 *
 * - `retry`: resend it. `written`: whether the broker may have appended it. `refresh`: somebody else may lead the partition
 * - `topic`: the topic takes nothing before somebody changes something; not appended
 * - `corrupt`: damaged on the way; when that goes on, as `invalid`
 * - `too_large`: to be halved down to the message that is
 * - `invalid`: some of its records never will be taken
 * - `identity`: the broker does not let us send under a producer id; not appended
 * - `sequence`: the broker's book of what this producer sent is another one
 * - `poison`: none of its messages will ever be taken
 */
export type Verdict =
  | { readonly kind: 'done' }
  | { readonly kind: 'retry'; readonly written: 'no' | 'unknown'; readonly refresh: boolean; readonly message: string }
  | { readonly kind: Exclude<Plain['kind'], 'done'>; readonly message: string };

interface Plain {
  readonly kind: 'done' | 'topic' | 'corrupt' | 'too_large' | 'invalid' | 'identity' | 'sequence' | 'poison';
}

const NOT_APPENDED = { kind: 'retry', written: 'no', refresh: false } as const;
const ELSEWHERE = { kind: 'retry', written: 'no', refresh: true } as const;
const AMBIGUOUS = { kind: 'retry', written: 'unknown', refresh: false } as const;
const MAYBE_ELSEWHERE = { kind: 'retry', written: 'unknown', refresh: true } as const;
const TOPIC = { kind: 'topic' } as const;
const SEQUENCE = { kind: 'sequence' } as const;

type Meaning = typeof NOT_APPENDED | typeof ELSEWHERE | typeof AMBIGUOUS | typeof MAYBE_ELSEWHERE | Plain;

interface Code {
  readonly name: string;
  /** In the answer to Produce. */
  readonly meaning: Meaning;
  /** For people: what to change. */
  readonly advice?: string;
}

const code = (name: string, meaning: Meaning, advice?: string): Code => ({ name, meaning, ...(advice && { advice }) });

const NO_TOPIC =
  'the topic does not exist: create it, or let it be made on demand (auto.create.topics.enable on the brokers, allow.auto.create.topics here)';
const IDEMPOTENT_WRITE =
  'allow this user the ACL operation IdempotentWrite on the cluster, or set enable.idempotence to false';
const TOO_LARGE = 'raise max.message.bytes of the topic (message.max.bytes on the brokers), or send smaller messages';
const ON_DEMAND = 'create the topic yourself, or correct the defaults by which the brokers make topics';

/** What Produce, Metadata and InitProducerId can answer, from Kafka 2.0 to 4.1, and what the others would mean here. */
const CODES: ReadonlyMap<number, Code> = new Map([
  [-1, code('UNKNOWN_SERVER_ERROR', AMBIGUOUS, "look into the broker's log")],
  [0, code('NONE', { kind: 'done' })],
  [2, code('CORRUPT_MESSAGE', { kind: 'corrupt' })],
  [3, code('UNKNOWN_TOPIC_OR_PARTITION', ELSEWHERE, NO_TOPIC)],
  [5, code('LEADER_NOT_AVAILABLE', ELSEWHERE)],
  [6, code('NOT_LEADER_OR_FOLLOWER', ELSEWHERE)],
  [7, code('REQUEST_TIMED_OUT', AMBIGUOUS, 'replicas are slow or away: check the brokers that follow this one')],
  [8, code('BROKER_NOT_AVAILABLE', ELSEWHERE)],
  [9, code('REPLICA_NOT_AVAILABLE', ELSEWHERE)],
  [10, code('MESSAGE_TOO_LARGE', { kind: 'too_large' }, TOO_LARGE)],
  [13, code('NETWORK_EXCEPTION', MAYBE_ELSEWHERE)],
  [14, code('COORDINATOR_LOAD_IN_PROGRESS', NOT_APPENDED)],
  [15, code('COORDINATOR_NOT_AVAILABLE', NOT_APPENDED)],
  [16, code('NOT_COORDINATOR', NOT_APPENDED)],
  [17, code('INVALID_TOPIC_EXCEPTION', { kind: 'poison' }, 'Kafka takes no topic of this name')],
  [18, code('RECORD_LIST_TOO_LARGE', { kind: 'too_large' }, 'raise segment.bytes of the topic, or lower batch.size')],
  [
    19,
    code(
      'NOT_ENOUGH_REPLICAS',
      NOT_APPENDED,
      'fewer replicas are in sync than min.insync.replicas of the topic asks for: bring brokers back, or lower it',
    ),
  ],
  [
    20,
    code(
      'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
      AMBIGUOUS,
      'fewer replicas are in sync than min.insync.replicas of the topic asks for: bring brokers back, or lower it',
    ),
  ],
  [21, code('INVALID_REQUIRED_ACKS', TOPIC, 'set acks to all, 1 or 0')],
  [
    29,
    code(
      'TOPIC_AUTHORIZATION_FAILED',
      TOPIC,
      'allow this user the ACL operations Describe and Write on the topic (and Create, where it is made on demand)',
    ),
  ],
  [31, code('CLUSTER_AUTHORIZATION_FAILED', { kind: 'identity' }, IDEMPOTENT_WRITE)],
  [
    32,
    code('INVALID_TIMESTAMP', { kind: 'invalid' }, "see the topic's message.timestamp.before.max.ms and .after.max.ms"),
  ],
  [35, code('UNSUPPORTED_VERSION', TOPIC, 'use Apache Kafka 0.11 or newer')],
  [36, code('TOPIC_ALREADY_EXISTS', ELSEWHERE)],
  [37, code('INVALID_PARTITIONS', TOPIC, ON_DEMAND)],
  [
    38,
    code(
      'INVALID_REPLICATION_FACTOR',
      TOPIC,
      `default.replication.factor is more than there are brokers: ${ON_DEMAND}`,
    ),
  ],
  [39, code('INVALID_REPLICA_ASSIGNMENT', TOPIC, ON_DEMAND)],
  [40, code('INVALID_CONFIG', TOPIC, ON_DEMAND)],
  [41, code('NOT_CONTROLLER', NOT_APPENDED)],
  [42, code('INVALID_REQUEST', TOPIC, "the topic may be a read-only mirror: look into the broker's log")],
  [43, code('UNSUPPORTED_FOR_MESSAGE_FORMAT', TOPIC, 'raise message.format.version of the topic to 0.11 or more')],
  [44, code('POLICY_VIOLATION', TOPIC, "see the brokers' policies and quotas for topics")],
  [45, code('OUT_OF_ORDER_SEQUENCE_NUMBER', SEQUENCE)],
  [46, code('DUPLICATE_SEQUENCE_NUMBER', { kind: 'done' })],
  [47, code('INVALID_PRODUCER_EPOCH', SEQUENCE)],
  [48, code('INVALID_TXN_STATE', SEQUENCE)],
  [49, code('INVALID_PRODUCER_ID_MAPPING', SEQUENCE)],
  [51, code('CONCURRENT_TRANSACTIONS', NOT_APPENDED)],
  [53, code('TRANSACTIONAL_ID_AUTHORIZATION_FAILED', { kind: 'identity' }, IDEMPOTENT_WRITE)],
  [56, code('KAFKA_STORAGE_ERROR', MAYBE_ELSEWHERE, 'a disk of the broker is full or broken: look into its log')],
  [57, code('LOG_DIR_NOT_FOUND', MAYBE_ELSEWHERE, 'a disk of the broker is full or broken: look into its log')],
  [58, code('SASL_AUTHENTICATION_FAILED', MAYBE_ELSEWHERE, 'check sasl.username and sasl.password')],
  [59, code('UNKNOWN_PRODUCER_ID', SEQUENCE)],
  [60, code('REASSIGNMENT_IN_PROGRESS', ELSEWHERE)],
  [72, code('LISTENER_NOT_FOUND', ELSEWHERE, 'every broker needs the listener that this one was asked at')],
  [74, code('FENCED_LEADER_EPOCH', ELSEWHERE)],
  [75, code('UNKNOWN_LEADER_EPOCH', ELSEWHERE)],
  [
    76,
    code(
      'UNSUPPORTED_COMPRESSION_TYPE',
      TOPIC,
      'set compression.codec to one that the brokers know (zstd: Kafka 2.1 or newer)',
    ),
  ],
  [87, code('INVALID_RECORD', { kind: 'invalid' }, 'a compacted topic takes no message without a key')],
  [89, code('THROTTLING_QUOTA_EXCEEDED', NOT_APPENDED, "raise the user's controller_mutation_rate quota")],
  [90, code('PRODUCER_FENCED', SEQUENCE)],
  [97, code('PRINCIPAL_DESERIALIZATION_FAILURE', TOPIC, "look into the broker's log")],
  [100, code('UNKNOWN_TOPIC_ID', ELSEWHERE, NO_TOPIC)],
  [103, code('INCONSISTENT_TOPIC_ID', ELSEWHERE)],
  [108, code('NEW_LEADER_ELECTED', ELSEWHERE)],
  [120, code('TRANSACTION_ABORTABLE', SEQUENCE)],
]);

/** `NAME (code): what the broker said; what to change`. */
export const describeCode = (number: number, said?: string): string => {
  const { name = 'an error that is not known here', advice } = CODES.get(number) ?? {};
  return [`${name} (${number})${said ? `: ${said}` : ''}`, ...(advice ? [advice] : [])].join(said ? '; ' : ': ');
};

/**
 * A code nobody knows may mean anything, so that the batch may be there.
 *
 * @see https://kafka.apache.org/protocol#protocol_error_codes
 */
export const verdictOf = (number: number, said?: string): Verdict => {
  const meaning = CODES.get(number)?.meaning ?? AMBIGUOUS;
  const message = describeCode(number, said);
  return meaning.kind === 'retry' ? { ...meaning, message } : verdict(meaning.kind, message);
};

const verdict = (kind: Plain['kind'], message: string): Verdict => (kind === 'done' ? { kind } : { kind, message });
