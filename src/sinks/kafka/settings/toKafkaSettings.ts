import type { Problem } from '../../../model';
import { MAX_LEVEL, MAX_RECORD_BATCH_BYTES } from './batching';
import { authenticates } from './saslRules';
import type { Named } from './table';
import { encrypts } from './tlsRules';
import type { CertificateSource, KafkaSettings, SaslSettings, TlsSettings } from './types';

/** A higher level is taken as this one, as librdkafka takes it. */
const MAX_GZIP_LEVEL = 9;
/** librdkafka's granularity of statistics. */
const MIN_STATISTICS_MS = 1000;
/** Syslog's severity of everything. */
const ALL_LINES = 7;

const sourceOf = (path: string | undefined, pem: string | undefined): CertificateSource | undefined =>
  pem === undefined ? (path === undefined ? undefined : { path }) : { pem };

const tlsOf = (named: Named): TlsSettings => {
  const { 'ssl.ca.location': ca, 'ssl.keystore.location': keystore } = named;
  return {
    ca: sourceOf(ca === 'probe' ? undefined : ca, named['ssl.ca.pem']),
    certificate: sourceOf(named['ssl.certificate.location'], named['ssl.certificate.pem']),
    key: sourceOf(named['ssl.key.location'], named['ssl.key.pem']),
    keyPassword: named['ssl.key.password'],
    keystore: keystore === undefined ? undefined : { path: keystore, password: named['ssl.keystore.password'] },
    verify: named['enable.ssl.certificate.verification'],
    verifyHostname: named['ssl.endpoint.identification.algorithm'] === 'https',
  };
};

/** By the rules, what the mechanism needs is there. */
const saslOf = (named: Named): SaslSettings | undefined => {
  const mechanism = named['sasl.mechanisms'];
  if (mechanism === undefined || mechanism === 'GSSAPI') return undefined;
  if (mechanism !== 'OAUTHBEARER')
    return { mechanism, username: named['sasl.username'] ?? '', password: named['sasl.password'] ?? '' };
  return {
    mechanism,
    tokenEndpoint: named['sasl.oauthbearer.token.endpoint.url'] ?? '',
    clientId: named['sasl.oauthbearer.client.id'] ?? '',
    clientSecret: named['sasl.oauthbearer.client.secret'] ?? '',
    scope: named['sasl.oauthbearer.scope'],
    extensions: named['sasl.oauthbearer.extensions'] ?? {},
  };
};

const idempotenceOf = (named: Named): KafkaSettings['idempotence'] => {
  const asked = named['enable.idempotence'];
  if (asked === true) return 'required';
  return asked === false || named.acks !== -1 ? 'off' : 'preferred';
};

/** Undefined where the user bounds neither. */
const shareOf = (named: Named): KafkaSettings['share'] => {
  const messages = named['queue.buffering.max.messages'] || Infinity;
  const bytes = (named['queue.buffering.max.kbytes'] ?? Infinity) * 1024;
  return messages === Infinity && bytes === Infinity ? undefined : { messages, bytes };
};

/** A timeout as short as the linger's default makes the linger shorter. */
const lingerOf = ({ 'linger.ms': linger, 'message.timeout.ms': timeout }: Named): number =>
  Math.min(Math.ceil(linger), timeout === undefined || timeout === 0 ? Infinity : timeout - 1);

/** What the settings mean, once they are checked alone and beside each other. */
export const toKafkaSettings = (named: Named, warnings: readonly Problem[]): KafkaSettings => {
  const debug = Boolean(named.debug);
  const lingerMs = lingerOf(named);
  const statisticsMs = named['statistics.interval.ms'];
  return {
    brokers: named['bootstrap.servers'].map(({ address }) => address),
    clientId: named['client.id'],
    acks: named.acks,
    requestTimeoutMs: named['request.timeout.ms'],
    messageTimeoutMs: named['message.timeout.ms'] || undefined,
    retries: named.retries,
    retryBackoffMs: named['retry.backoff.ms'],
    retryBackoffMaxMs: named['retry.backoff.max.ms'],
    lingerMs,
    batchNumMessages: named['batch.num.messages'],
    batchSizeBytes: Math.min(named['batch.size'], named['message.max.bytes'], MAX_RECORD_BATCH_BYTES),
    messageMaxBytes: named['message.max.bytes'],
    compression: named['compression.codec'],
    compressionLevel: Math.min(
      named['compression.level'],
      named['compression.codec'] === 'gzip' ? MAX_GZIP_LEVEL : MAX_LEVEL,
    ),
    partitioner: named.partitioner,
    stickyLingerMs: named['sticky.partitioning.linger.ms'] ?? Math.min(2 * lingerMs, 900_000),
    idempotence: idempotenceOf(named),
    maxInFlight: named['max.in.flight.requests.per.connection'],
    socketTimeoutMs: named['socket.timeout.ms'],
    connectionSetupTimeoutMs: named['socket.connection.setup.timeout.ms'],
    keepAlive: named['socket.keepalive.enable'],
    noDelay: named['socket.nagle.disable'],
    reconnectBackoffMs: named['reconnect.backoff.ms'],
    reconnectBackoffMaxMs: named['reconnect.backoff.max.ms'],
    metadataRefreshIntervalMs: named['topic.metadata.refresh.interval.ms'],
    allowAutoCreateTopics: named['allow.auto.create.topics'],
    tls: encrypts(named) ? tlsOf(named) : undefined,
    sasl: authenticates(named) ? saslOf(named) : undefined,
    statisticsIntervalMs: statisticsMs === 0 ? 0 : Math.max(statisticsMs, MIN_STATISTICS_MS),
    log: { debug, level: debug ? ALL_LINES : named.log_level },
    logConnectionClose: named['log.connection.close'],
    share: shareOf(named),
    warnings,
  };
};
