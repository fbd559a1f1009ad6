import type { Problem } from '../../../model';
import { MAX_RECORD_BATCH_BYTES } from './batching';
import type { Named, SettingName } from './table';

/** Whether the user set it. */
export type IsGiven = (name: SettingName) => boolean;

/** What is wrong with settings beside each other: a problem under the name of the setting that is to be changed. */
export type Rule = (named: Named, given: IsGiven) => readonly Problem[];

/** A problem, where `wrong`. */
export const found = (wrong: boolean, path: SettingName, expected: string, got: string | number): readonly Problem[] =>
  wrong ? [{ path, expected, got: String(got) }] : [];

/** Where one is given, the other must be. */
export const together = (has: boolean, misses: boolean, path: SettingName, why: string): readonly Problem[] =>
  found(has && misses, path, why, 'nothing');

/** Speaks of each of `names` that is given and has no effect with this `security.protocol`; `inPlaintext`: what would give it one. */
export const unusedBy =
  (names: readonly SettingName[], inPlaintext: string, why: string): Rule =>
  ({ 'security.protocol': protocol }, given) => {
    const wanted = protocol === 'plaintext' ? inPlaintext : 'sasl_ssl';
    const expected = `security.protocol ${wanted} beside it, since ${why} now (it is ${protocol})`;
    return names.flatMap((name) => found(given(name), name, expected, 'a setting without effect'));
  };

const DEFAULT_MESSAGE_TIMEOUT_MS = 300_000;

/** Refuses what each setting allows alone but not beside another, as librdkafka does. */
export const conflicts: Rule = (named, given) => {
  const { acks, retries, 'linger.ms': linger, 'reconnect.backoff.ms': backoff } = named;
  const { 'message.timeout.ms': timeout = DEFAULT_MESSAGE_TIMEOUT_MS, 'reconnect.backoff.max.ms': maxBackoff } = named;
  const { 'bootstrap.servers': brokers, 'security.protocol': protocol } = named;
  const idempotent = named['enable.idempotence'] === true;
  const other = brokers.find((broker) => broker.protocol !== undefined && broker.protocol !== protocol);
  return [
    ...found(idempotent && acks !== -1, 'acks', 'all, since enable.idempotence is true', acks),
    ...found(idempotent && retries < 1, 'retries', '1 or more, since enable.idempotence is true', retries),
    ...found(
      given('linger.ms') && timeout > 0 && timeout <= linger,
      'message.timeout.ms',
      `more than linger.ms (${linger}), or 0`,
      timeout,
    ),
    ...found(
      maxBackoff < backoff,
      'reconnect.backoff.max.ms',
      `at least reconnect.backoff.ms (${backoff})`,
      maxBackoff,
    ),
    ...found(
      other !== undefined,
      'bootstrap.servers',
      `brokers without a protocol, or with that of security.protocol (${protocol})`,
      `${other?.protocol ?? ''}://`,
    ),
  ];
};

/** Speaks of what is allowed and yet not what the user may think. */
export const surprises: Rule = (named, given) => {
  const { 'batch.size': size, 'message.max.bytes': most } = named;
  const { 'retry.backoff.ms': retry, 'retry.backoff.max.ms': maxRetry } = named;
  const { 'compression.codec': codec, 'compression.level': level } = named;
  return [
    ...found(
      level > 0 && (codec === 'lz4' || codec === 'snappy'),
      'compression.level',
      `0 or -1, since ${codec} has one level here`,
      level,
    ),
    ...found(
      retry > maxRetry,
      'retry.backoff.ms',
      `at most retry.backoff.max.ms (${maxRetry}), which every pause has now`,
      retry,
    ),
    ...found(
      given('batch.size') && size > most,
      'batch.size',
      `at most message.max.bytes (${most}), which bounds record batches too`,
      size,
    ),
    ...found(
      Math.min(size, most) > MAX_RECORD_BATCH_BYTES,
      'batch.size',
      `at most ${MAX_RECORD_BATCH_BYTES}, which is used`,
      size,
    ),
  ];
};
