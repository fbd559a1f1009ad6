import { describeService } from './foreignService';

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

const LONGEST_QUOTE = 200;

const WHERE_ADDRESSES_STAND =
  "in bootstrap.servers (an address that is not there comes from the brokers' advertised.listeners)";
const CA_SETTING =
  'set ssl.ca.location to the certificate of the CA that signed it (to the certificate itself where it signed itself)';

const protocolOf = (encrypted: boolean, mechanism: string | undefined): string =>
  `${mechanism === undefined ? '' : 'sasl_'}${encrypted ? 'ssl' : 'plaintext'}`;

/** `security.protocol` as it would be with the other choice of encryption. */
const otherEncryption = ({ encrypted, mechanism }: ConnectionTried): string =>
  `set security.protocol to ${protocolOf(!encrypted, mechanism)}`;

/** Those of the certificate, as Node lists them. */
const namesIn = (said: string): string => /(DNS|IP Address):.*/s.exec(said)?.[0].trim() ?? 'another name';

const codeIn = (said: string): string => /\bE[A-Z]{3,}\b/.exec(said)?.[0] ?? 'no code';

type Explain = (tried: ConnectionTried, said: string) => Trouble;

const inTime: Explain = ({ encrypted, mechanism, progress }) => {
  if (!progress?.connected)
    return {
      found: 'no connection in time',
      change: `check that the host is up and that no firewall drops packets on the way, correct the address ${WHERE_ADDRESSES_STAND}, or raise socket.connection.setup.timeout.ms`,
    };
  if (progress.greeted && mechanism !== undefined)
    return {
      found: `the broker answers, but not to the SASL ${mechanism} login`,
      change: "look into the broker's log, or raise socket.connection.setup.timeout.ms",
    };
  return {
    found: 'it takes the connection and then says nothing',
    change: `the broker hangs, or this is no port of Kafka, or it speaks ${encrypted ? 'no TLS' : 'TLS'}: check the broker, the port and security.protocol`,
  };
};

const closed: Explain = (tried) => {
  const { encrypted, mechanism, progress } = tried;
  if (!progress?.greeted)
    return {
      found: 'it closed the connection without an answer',
      change: encrypted
        ? 'this is no port of Kafka, or a proxy without a broker behind it: correct the port'
        : `if the port speaks TLS, ${otherEncryption(tried)}; else it is none of Kafka, or a proxy without a broker behind it: correct the port`,
    };
  if (mechanism === 'OAUTHBEARER') return refusedToken();
  if (mechanism !== undefined)
    return {
      found: `the broker closed the connection in the middle of the SASL ${mechanism} login`,
      change: "check sasl.username and sasl.password, and look into the broker's log",
    };
  return {
    found: 'the broker closed the connection at the first request',
    change: `if it wants SASL, set security.protocol to ${protocolOf(encrypted, 'any')}, and sasl.mechanisms, sasl.username and sasl.password; else look into the broker's log`,
  };
};

const refusedToken = (): Trouble => ({
  found: 'the broker refused the token (SASL OAUTHBEARER)',
  change:
    "check sasl.oauthbearer.scope and the client's audience at the token endpoint, and issuer, audience and key set (jwks) on the broker",
});

const refusedLogin: Explain = ({ mechanism }) =>
  mechanism === 'OAUTHBEARER'
    ? refusedToken()
    : {
        found: `the broker refused the user or password (SASL ${mechanism ?? ''})`,
        change: `correct sasl.username and sasl.password, or make the user known to the broker for ${mechanism ?? ''}`,
      };

const always =
  (found: string, change: string): Explain =>
  () => ({ found, change });

/**
 * The first that matches explains. The left side matches code and message as Node, OpenSSL (1.1 to 3.5, whose names of alerts
 * differ) and kafkajs write them.
 */
const TROUBLES: readonly (readonly [said: RegExp, explain: Explain])[] = [
  [
    /ECONNREFUSED/,
    always(
      'nothing listens there (ECONNREFUSED)',
      `start the broker, or correct the host or port ${WHERE_ADDRESSES_STAND}`,
    ),
  ],
  [
    /ENOTFOUND/,
    always(
      'no such host name (ENOTFOUND)',
      `correct it ${WHERE_ADDRESSES_STAND}, or make it known by DNS or /etc/hosts`,
    ),
  ],
  [
    /EAI_AGAIN/,
    always('the name server does not answer (EAI_AGAIN)', "check this host's DNS (/etc/resolv.conf) and its network"),
  ],
  [
    /E(HOST|NET)(UNREACH|DOWN)/,
    (_, said) => ({
      found: `no way leads there (${codeIn(said)})`,
      change: "check the address, this host's network and routes, and the firewalls between",
    }),
  ],
  [
    /\b(EACCES|EPERM)\b/,
    (_, said) => ({
      found: `this host does not allow the connection (${codeIn(said)})`,
      change: "check its firewall, and what confines the daemon (systemd's IPAddressDeny, SELinux, AppArmor)",
    }),
  ],
  [
    /\b(EMFILE|ENFILE)\b/,
    (_, said) => ({
      found: `no file descriptor is left for a socket (${codeIn(said)})`,
      change: "raise the limit of open files (ulimit -n, systemd's LimitNOFILE)",
    }),
  ],
  [
    /ALTNAME_INVALID|does not match certificate's altnames/,
    ({ address }, said) => ({
      found: `the broker's certificate is for ${namesIn(said)}, not for ${address.replace(/:\d+$/, '')}`,
      change:
        'connect by a name of the certificate, have one made for this name, or set ssl.endpoint.identification.algorithm to none',
    }),
  ],
  [
    /CERT_HAS_EXPIRED|certificate has expired/,
    always("the broker's certificate has expired", "renew it on the broker, or set this host's clock right"),
  ],
  [
    /CERT_NOT_YET_VALID|certificate is not yet valid/,
    always(
      "the broker's certificate is not valid yet",
      "set this host's clock right, or have the broker's certificate made anew",
    ),
  ],
  [
    /self.signed|SELF_SIGNED/,
    always("the broker's certificate, or its CA, signed itself and is not trusted here", CA_SETTING),
  ],
  [
    /UNABLE_TO_(VERIFY|GET)|unable to (verify|get)|CERT_SIGNATURE_FAILURE|certificate signature failure|CERT_UNTRUSTED/,
    always("the broker's certificate is of a CA that is not trusted here", CA_SETTING),
  ],
  [
    /alert (bad certificate|certificate required|no certificate)|ALERT_(BAD_CERTIFICATE|CERTIFICATE_REQUIRED)/i,
    always(
      'the broker wants a client certificate, or cannot read ours',
      'set ssl.certificate.location and ssl.key.location (or ssl.keystore.location) to one that the broker trusts',
    ),
  ],
  [
    /alert (unknown ca|certificate \w+|unsupported certificate)|ALERT_(UNKNOWN_CA|CERTIFICATE_\w+)/i,
    always(
      'the broker does not accept our client certificate',
      "use one that has not expired and whose CA is in the broker's ssl.truststore (ssl.certificate.location, ssl.keystore.location)",
    ),
  ],
  [
    /protocol version|handshake failure|no shared cipher|no protocols available|unsupported protocol/i,
    always(
      'the broker and we have no version or cipher of TLS in common',
      'enable TLS 1.2 or 1.3 on the broker (ssl.enabled.protocols, ssl.cipher.suites); where it wants a client certificate, set ssl.certificate.location',
    ),
  ],
  [
    /wrong.version.number|packet.length.too.long|unexpected.message|unexpected.eof|EPROTO/i,
    (tried) => ({
      found: 'it answers, but not in TLS',
      change: `if it is a listener of Kafka, ${otherEncryption(tried)}; else correct the port`,
    }),
  ],
  [
    /before secure TLS connection/,
    (tried) => ({
      found: 'it closed the connection in the TLS handshake',
      change: `if the port speaks no TLS, ${otherEncryption(tried)}; else correct the port, or look into the broker's log`,
    }),
  ],
  [
    /UNSUPPORTED_SASL_MECHANISM|mechanism is not supported|not support the requested SASL mechanism/,
    ({ mechanism }) => ({
      found: `the broker does not take SASL ${mechanism ?? ''}`,
      change: "set sasl.mechanisms to one of the broker's sasl.enabled.mechanisms, or enable it there",
    }),
  ],
  [
    /ILLEGAL_SASL_STATE|not valid given the current SASL state/,
    ({ encrypted }) => ({
      found: 'the broker asks for no SASL at this port',
      change: `set security.protocol to ${protocolOf(encrypted, undefined)}, or use the port of its SASL listener`,
    }),
  ],
  [
    /server signature|server nonce|iteration count/i,
    always(
      'the broker gave no proof that it knows our password',
      'make sure that this is your broker, and check sasl.password',
    ),
  ],
  [/Authentication failed|authentication failed|SASL_AUTHENTICATION_FAILED/, refusedLogin],
  [
    /API Versions not supported|UNSUPPORTED_VERSION/,
    always('the broker speaks no version of the protocol that is known here', 'use Apache Kafka 0.11 or newer'),
  ],
  [
    /^no answer to/,
    (_, said) => ({ found: quote(said), change: 'the broker hangs or has too much to do: look into its log' }),
  ],
  [/in time\b|ETIMEDOUT|[Tt]imeout/, inTime],
  [/ECONNRESET|EPIPE|ECONNABORTED|[Cc]losed/, closed],
];

/** What follows where the bytes that came are not Kafka's: they say more than how the connection ended. */
const fromFirstBytes = (tried: ConnectionTried): Trouble | undefined => {
  const { progress } = tried;
  if (!progress || progress.greeted || progress.firstBytes.length === 0) return undefined;
  const service = describeService(progress.firstBytes);
  return service === 'TLS'
    ? { found: 'the port speaks TLS', change: otherEncryption(tried) }
    : {
        found: `${service} answers, not Kafka`,
        change: `correct the port ${WHERE_ADDRESSES_STAND}`,
      };
};

/** What the error's code and message mean. */
export const troubleOf = (said: string, tried: ConnectionTried): Trouble => {
  const explain = TROUBLES.find(([pattern]) => pattern.test(said))?.[1];
  const foreign = explain === undefined || explain === inTime || explain === closed ? fromFirstBytes(tried) : undefined;
  return foreign ?? explain?.(tried, said) ?? { found: quote(said), change: undefined };
};

/** One line of it. */
const quote = (said: string): string => said.trim().split('\n', 1).join('').slice(0, LONGEST_QUOTE);
