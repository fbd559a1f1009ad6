/** What is said of a connection that failed, and of what. */

/** How far a connection came before it failed. */
export interface Progress {
  /** Whether something took the connection. */
  readonly connected: boolean;
  /** The first bytes that came, decrypted. */
  readonly firstBytes: Buffer;
  /** Whether they answered Kafka's greeting (ApiVersions). */
  readonly greeted: boolean;
}

/** What was tried when a connection failed. */
export interface ConnectionTried {
  /** `host:port`. */
  readonly address: string;
  readonly encrypted: boolean;
  /** The SASL mechanism; undefined: none. */
  readonly mechanism: string | undefined;
  /** Absent: not known. */
  readonly progress?: Progress;
}

/** What was found, and what to change. */
export interface Trouble {
  readonly found: string;
  /** Undefined: nobody here knows. */
  readonly change: string | undefined;
}

export type Explain = (tried: ConnectionTried, said: string) => Trouble;

/**
 * The first that matches explains. The left side matches code and message as Node, OpenSSL (1.1 to 3.5, whose names of alerts
 * differ) and kafkajs write them.
 */
export type Troubles = readonly (readonly [said: RegExp, explain: Explain])[];

export const always =
  (found: string, change: string): Explain =>
  () => ({ found, change });

export const WHERE_ADDRESSES_STAND =
  "in bootstrap.servers (an address that is not there comes from the brokers' advertised.listeners)";

export const protocolOf = (encrypted: boolean, mechanism: string | undefined): string =>
  `${mechanism === undefined ? '' : 'sasl_'}${encrypted ? 'ssl' : 'plaintext'}`;

/** `security.protocol` as it would be with the other choice of encryption. */
export const otherEncryption = ({ encrypted, mechanism }: ConnectionTried): string =>
  `set security.protocol to ${protocolOf(!encrypted, mechanism)}`;
