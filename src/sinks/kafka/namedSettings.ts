import * as E from 'fp-ts/Either';
import * as t from 'io-ts';
import type { Problem } from '../../model';
import { BooleanFrom, integerIn, maybe, NonEmptyString, withDefault } from '../codecs';
import { Acks, Brokers, Compression, NoTransactions, Partitioner, SecurityProtocol } from './settingCodecs';

const MAX_INT = 2_147_483_647;
export const MAX_LEVEL = 12;

/** The settings that have an effect here, by the names they go by here, with librdkafka's defaults and ranges. */
export const Named = t.type({
  'bootstrap.servers': Brokers,
  'client.id': withDefault(NonEmptyString, 'rdkafka'),
  acks: withDefault(Acks, -1),
  'request.timeout.ms': withDefault(integerIn(1, 900_000), 30_000),
  'message.timeout.ms': maybe(integerIn(0, MAX_INT)),
  retries: withDefault(integerIn(0, MAX_INT), MAX_INT),
  'retry.backoff.ms': withDefault(integerIn(1, 300_000), 100),
  'retry.backoff.max.ms': withDefault(integerIn(1, 300_000), 1000),
  'linger.ms': withDefault(integerIn(0, 900_000), 5),
  'batch.num.messages': withDefault(integerIn(1, 1_000_000), 10_000),
  'batch.size': withDefault(integerIn(1, MAX_INT), 1_000_000),
  'message.max.bytes': withDefault(integerIn(1000, 1_000_000_000), 1_000_000),
  'compression.codec': withDefault(Compression, 'none'),
  'compression.level': withDefault(integerIn(-1, MAX_LEVEL), -1),
  partitioner: withDefault(Partitioner, 'consistent_random'),
  'enable.idempotence': maybe(BooleanFrom),
  'max.in.flight.requests.per.connection': withDefault(integerIn(1, 1_000_000), 1_000_000),
  'socket.timeout.ms': withDefault(integerIn(10, 300_000), 60_000),
  'socket.connection.setup.timeout.ms': withDefault(integerIn(1000, MAX_INT), 30_000),
  'socket.keepalive.enable': withDefault(BooleanFrom, false),
  'socket.nagle.disable': withDefault(BooleanFrom, true),
  'reconnect.backoff.ms': withDefault(integerIn(0, 3_600_000), 100),
  'reconnect.backoff.max.ms': withDefault(integerIn(0, 3_600_000), 10_000),
  'topic.metadata.refresh.interval.ms': withDefault(integerIn(-1, 3_600_000), 300_000),
  'allow.auto.create.topics': withDefault(BooleanFrom, true),
  'security.protocol': withDefault(SecurityProtocol, 'plaintext'),
  'transactional.id': NoTransactions,
});

export type Named = t.TypeOf<typeof Named>;

const DEFAULT_MESSAGE_TIMEOUT_MS = 300_000;

const problem = (path: string, expected: string, got: number): Problem => ({ path, expected, got: String(got) });

/** Refuses what each setting allows alone but not beside another, by the same rules as librdkafka. */
export const withoutConflicts = (named: Named): E.Either<readonly Problem[], Named> => {
  const { acks, retries, 'linger.ms': linger, 'reconnect.backoff.ms': backoff } = named;
  const { 'message.timeout.ms': timeout = DEFAULT_MESSAGE_TIMEOUT_MS, 'reconnect.backoff.max.ms': maxBackoff } = named;
  const idempotent = named['enable.idempotence'] === true;
  const found = [
    ...(idempotent && acks !== -1 ? [problem('acks', 'all, since enable.idempotence is true', acks)] : []),
    ...(idempotent && retries < 1 ? [problem('retries', '1 or more, since enable.idempotence is true', retries)] : []),
    ...(timeout > 0 && timeout <= linger
      ? [problem('message.timeout.ms', `more than linger.ms (${linger}), or 0`, timeout)]
      : []),
    ...(maxBackoff < backoff
      ? [problem('reconnect.backoff.max.ms', `at least reconnect.backoff.ms (${backoff})`, maxBackoff)]
      : []),
  ];
  return found.length > 0 ? E.left(found) : E.right(named);
};
