import type { Problem, Share } from '../../../model';

/** Values of `compression.codec`. */
export const CODEC_NAMES = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type CodecName = (typeof CODEC_NAMES)[number];

/** Values of `partitioner`. */
export const PARTITIONER_NAMES = [
  'random',
  'consistent',
  'consistent_random',
  'murmur2',
  'murmur2_random',
  'fnv1a',
  'fnv1a_random',
] as const;
export type PartitionerName = (typeof PARTITIONER_NAMES)[number];

/** A certificate or key: a file to read when the sink is opened, or the text itself. PEM, or DER in a file. */
export type CertificateSource = { readonly path: string } | { readonly pem: string };

/** How connections are encrypted, and what both sides show of themselves. */
export interface TlsSettings {
  /** Whom to trust. Undefined: what Node trusts. */
  readonly ca: CertificateSource | undefined;
  readonly certificate: CertificateSource | undefined;
  readonly key: CertificateSource | undefined;
  readonly keyPassword: string | undefined;
  /** PKCS#12: key and certificate in one file. */
  readonly keystore: { readonly path: string; readonly password: string | undefined } | undefined;
  /** Whether a broker's certificate must be trusted. */
  readonly verify: boolean;
  /** Whether it must be for the name that is connected to. */
  readonly verifyHostname: boolean;
}

/** How to say who we are. */
export type SaslSettings =
  | {
      readonly mechanism: 'PLAIN' | 'SCRAM-SHA-256' | 'SCRAM-SHA-512';
      readonly username: string;
      readonly password: string;
    }
  | {
      readonly mechanism: 'OAUTHBEARER';
      /** Where a token is asked for by the client's id and secret (RFC 6749, 4.4). */
      readonly tokenEndpoint: string;
      readonly clientId: string;
      readonly clientSecret: string;
      readonly scope: string | undefined;
      /** KIP-342. */
      readonly extensions: Readonly<Record<string, string>>;
    };

/** Settings of a Kafka stream. Sources: librdkafka's CONFIGURATION.md for names, defaults and ranges. */
export interface KafkaSettings {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** Who must have a batch before it counts as delivered: 0 nobody, 1 the leader, -1 all replicas in sync. */
  readonly acks: -1 | 0 | 1;
  /** How long the broker may wait for the other replicas. */
  readonly requestTimeoutMs: number;
  /** How long a message without a backup may wait for its delivery, where the user bounds it: librdkafka's default would drop. */
  readonly messageTimeoutMs: number | undefined;
  /** Attempts after the first. */
  readonly retries: number;
  readonly retryBackoffMs: number;
  readonly retryBackoffMaxMs: number;
  readonly lingerMs: number;
  /** Messages in one record batch. */
  readonly batchNumMessages: number;
  /** Bytes of one record batch. */
  readonly batchSizeBytes: number;
  /** A larger message is poison. */
  readonly messageMaxBytes: number;
  readonly compression: CodecName;
  /** -1: the codec's own default. */
  readonly compressionLevel: number;
  readonly partitioner: PartitionerName;
  /** How long messages without a key go to the same partition. */
  readonly stickyLingerMs: number;
  /** `preferred`: unless the broker refuses it. `required`: the user asked for it, so a refusal is an error. */
  readonly idempotence: 'off' | 'preferred' | 'required';
  /** Requests to one broker at once; one batch a partition always. */
  readonly maxInFlight: number;
  readonly socketTimeoutMs: number;
  readonly connectionSetupTimeoutMs: number;
  readonly keepAlive: boolean;
  /** Sends small writes at once (Nagle's algorithm off). */
  readonly noDelay: boolean;
  readonly reconnectBackoffMs: number;
  readonly reconnectBackoffMaxMs: number;
  /** -1: never by itself. */
  readonly metadataRefreshIntervalMs: number;
  readonly allowAutoCreateTopics: boolean;
  /** Undefined: in the clear. */
  readonly tls: TlsSettings | undefined;
  /** Undefined: nameless. */
  readonly sasl: SaslSettings | undefined;
  /** How often the log shows what the stream does; 0: never. */
  readonly statisticsIntervalMs: number;
  /** Of the stream's own lines: whether those for finding errors are shown as `info`, and the severity (syslog's, 0 to 7) up to which any are. */
  readonly log: { readonly debug: boolean; readonly level: number };
  /** Whether a connection that ends is worth a line. */
  readonly logConnectionClose: boolean;
  /** What the stream may hold before its backup takes over, where the user bounds it. Undefined: MAXMEMORY bounds all streams together. */
  readonly share: Share | undefined;
  /** What has no effect. */
  readonly warnings: readonly Problem[];
}
