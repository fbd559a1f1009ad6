/** Settings of librdkafka that are an error here, since to go on without them would be worse than not to start. */
export interface Refusal {
  readonly names: readonly string[];
  /** Why, and what to do. */
  readonly why: string;
}

/** Every one, by the reason that users are told. */
export const REFUSED: readonly Refusal[] = [
  {
    names: ['transactional.id'],
    why: 'every batch is delivered by itself: remove it, and keep enable.idempotence',
  },
  {
    names: ['ssl.cipher.suites', 'ssl.curves.list', 'ssl.sigalgs.list'],
    why: "Node's own choice holds (TLS 1.2 and newer), and to ignore yours would allow what it forbids: remove it, or set NODE_OPTIONS=--tls-cipher-list=… for the process",
  },
  {
    names: ['ssl.crl.location'],
    why: 'lists of revoked certificates are not read, and to ignore yours would trust what it revokes: remove it',
  },
  {
    names: ['ssl.providers', 'ssl.engine.location', 'ssl.engine.id'],
    why: "keys and ciphers are those of Node's own OpenSSL: remove it, or set up OpenSSL for the process (NODE_OPTIONS=--openssl-config=…)",
  },
  {
    names: ['plugin.library.paths'],
    why: 'libraries made for librdkafka cannot be loaded, and what they do to messages would be missing: remove it',
  },
  {
    names: ['default.topic.config'],
    why: 'topic settings stand beside the others: write them there',
  },
];
