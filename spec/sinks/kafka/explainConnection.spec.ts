import { readFileSync } from 'node:fs';
import path from 'node:path';
import { explainConnection, type ConnectionTried, type Progress } from '../../../src/sinks/kafka/explainConnection';

const GUIDE = path.resolve(__dirname, '../../../docs/troubleshooting-kafka.md');
const SECRET = 'hunter2';

const PLAIN: ConnectionTried = { address: 'kafka:9092', encrypted: false, mechanism: undefined };
const TLS: ConnectionTried = { ...PLAIN, encrypted: true };
const SASL: ConnectionTried = { ...PLAIN, mechanism: 'PLAIN' };
const SASL_TLS: ConnectionTried = { ...TLS, mechanism: 'SCRAM-SHA-256' };
const OAUTH: ConnectionTried = { ...TLS, mechanism: 'OAUTHBEARER' };

const NOTHING: Progress = { connected: false, firstBytes: Buffer.alloc(0), greeted: false };
const CONNECTED: Progress = { ...NOTHING, connected: true };
const GREETED: Progress = { connected: true, firstBytes: Buffer.from('000001c400000000', 'hex'), greeted: true };
const spoke = (bytes: string | Buffer): Progress => ({ ...CONNECTED, firstBytes: Buffer.from(bytes) });

const failed = (message: string, fields: object = {}): Error => Object.assign(new Error(message), fields);
/** As kafkajs hands on what a socket says. */
const viaKafkajs = (message: string, code?: string): Error =>
  Object.assign(new Error(`Connection error: ${message}`), { name: 'KafkaJSConnectionError', code });
const openssl = (version: 1 | 3, routine: string, reason: string, alert = ''): string =>
  `803C8C05477F0000:error:0A00010B:SSL routines:${routine}:${reason}:../deps/openssl/openssl/ssl/${
    version === 1 ? 'record/ssl3_record.c' : 'record/methods/tlsany_meth.c'
  }:350:${alert}\n`;
const CLOSED = 'closed by the broker';
const BEFORE_TLS = 'Client network socket disconnected before secure TLS connection was established';

/** Seen on Linux with Node 20, 22 and 24 (OpenSSL 3.0 and 3.5), Kafka 4.1, and kafkajs 2.2.4; `also` says the same otherwise. */
interface Case {
  readonly name: string;
  readonly tried: ConnectionTried;
  readonly said: unknown;
  readonly also?: readonly unknown[];
  readonly found: string;
  readonly change: string;
}

const ADDRESSES = "in bootstrap.servers (an address that is not there comes from the brokers' advertised.listeners)";
const CA =
  'set ssl.ca.location to the certificate of the CA that signed it (to the certificate itself where it signed itself)';

const CASES: readonly Case[] = [
  {
    name: 'nobody listens',
    tried: PLAIN,
    said: failed('connect ECONNREFUSED 127.0.0.1:9092', { code: 'ECONNREFUSED', syscall: 'connect' }),
    also: [
      viaKafkajs('connect ECONNREFUSED 127.0.0.1:9092', 'ECONNREFUSED'),
      'connect ECONNREFUSED 127.0.0.1:9092',
      Object.assign(new AggregateError([failed('connect ECONNREFUSED ::1:9092')]), { code: 'ECONNREFUSED' }),
      new AggregateError([failed('connect ECONNREFUSED ::1:9092', { code: 'ECONNREFUSED' })]),
    ],
    found: 'nothing listens there (ECONNREFUSED)',
    change: `start the broker, or correct the host or port ${ADDRESSES}`,
  },
  {
    name: 'no such host',
    tried: PLAIN,
    said: failed('getaddrinfo ENOTFOUND kafka', { code: 'ENOTFOUND', syscall: 'getaddrinfo', hostname: 'kafka' }),
    also: [viaKafkajs('getaddrinfo ENOTFOUND expired.certificate.example', 'ENOTFOUND')],
    found: 'no such host name (ENOTFOUND)',
    change: `correct it ${ADDRESSES}, or make it known by DNS or /etc/hosts`,
  },
  {
    name: 'no name server',
    tried: PLAIN,
    said: failed('getaddrinfo EAI_AGAIN kafka', { code: 'EAI_AGAIN', syscall: 'getaddrinfo' }),
    found: 'the name server does not answer (EAI_AGAIN)',
    change: "check this host's DNS (/etc/resolv.conf) and its network",
  },
  {
    name: 'no route',
    tried: PLAIN,
    said: failed('connect EHOSTUNREACH 10.9.9.9:9092', { code: 'EHOSTUNREACH' }),
    found: 'no way leads there (EHOSTUNREACH)',
    change: "check the address, this host's network and routes, and the firewalls between",
  },
  {
    name: 'no network',
    tried: PLAIN,
    said: failed('connect ENETUNREACH 2001:db8::1:9092', { code: 'ENETUNREACH' }),
    found: 'no way leads there (ENETUNREACH)',
    change: "check the address, this host's network and routes, and the firewalls between",
  },
  {
    name: 'a firewall of our own',
    tried: PLAIN,
    said: failed('connect EPERM 10.9.9.9:9092', { code: 'EPERM' }),
    found: 'this host does not allow the connection (EPERM)',
    change: "check its firewall, and what confines the daemon (systemd's IPAddressDeny, SELinux, AppArmor)",
  },
  {
    name: 'no descriptors',
    tried: PLAIN,
    said: failed('connect EMFILE 127.0.0.1:9092', { code: 'EMFILE' }),
    found: 'no file descriptor is left for a socket (EMFILE)',
    change: "raise the limit of open files (ulimit -n, systemd's LimitNOFILE)",
  },
  {
    name: 'packets that get lost',
    tried: { ...PLAIN, progress: NOTHING },
    said: 'no connection in time',
    also: [
      failed('connect ETIMEDOUT 10.9.9.9:9092', { code: 'ETIMEDOUT' }),
      Object.assign(new Error('Connection timeout'), { name: 'KafkaJSConnectionError' }),
    ],
    found: 'no connection in time',
    change: `check that the host is up and that no firewall drops packets on the way, correct the address ${ADDRESSES}, or raise socket.connection.setup.timeout.ms`,
  },
  {
    name: 'somebody silent',
    tried: { ...PLAIN, progress: CONNECTED },
    said: 'no connection in time',
    found: 'it takes the connection and then says nothing',
    change:
      'the broker hangs, or this is no port of Kafka, or it speaks TLS: check the broker, the port and security.protocol',
  },
  {
    name: 'somebody silent, by TLS',
    tried: { ...TLS, progress: CONNECTED },
    said: 'no connection in time',
    found: 'it takes the connection and then says nothing',
    change:
      'the broker hangs, or this is no port of Kafka, or it speaks no TLS: check the broker, the port and security.protocol',
  },
  {
    name: 'a broker that hangs in the login',
    tried: { ...SASL, progress: GREETED },
    said: 'no connection in time',
    found: 'the broker answers, but not to the SASL PLAIN login',
    change: "look into the broker's log, or raise socket.connection.setup.timeout.ms",
  },
  {
    name: 'a broker that hangs later',
    tried: { ...PLAIN, progress: GREETED },
    said: 'no answer to Metadata within 10000 ms',
    found: 'no answer to Metadata within 10000 ms',
    change: 'the broker hangs or has too much to do: look into its log',
  },
  {
    name: 'HTTP',
    tried: { ...PLAIN, progress: spoke('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n') },
    said: CLOSED,
    also: ['no Kafka', failed('Closed connection', { name: 'KafkaJSConnectionClosedError' })],
    found: 'an HTTP server answers, not Kafka',
    change: `correct the port ${ADDRESSES}`,
  },
  {
    name: 'SSH',
    tried: { ...PLAIN, progress: spoke('SSH-2.0-OpenSSH_9.2p1 Debian\r\n') },
    said: 'no connection in time',
    found: 'an SSH server answers, not Kafka',
    change: `correct the port ${ADDRESSES}`,
  },
  {
    name: 'something else',
    tried: { ...PLAIN, progress: spoke('-ERR unknown command\r\n') },
    said: 'no connection in time',
    found: 'something that begins with "-ERR unknown com" answers, not Kafka',
    change: `correct the port ${ADDRESSES}`,
  },
  {
    name: 'TLS, in the clear',
    tried: { ...PLAIN, progress: spoke(Buffer.from('15030300020250', 'hex')) },
    said: CLOSED,
    found: 'the port speaks TLS',
    change: 'set security.protocol to ssl',
  },
  {
    name: 'TLS, with SASL in the clear',
    tried: { ...SASL, progress: spoke(Buffer.from('15030300020250', 'hex')) },
    said: CLOSED,
    found: 'the port speaks TLS',
    change: 'set security.protocol to sasl_ssl',
  },
  {
    name: 'somebody who closes',
    tried: { ...PLAIN, progress: CONNECTED },
    said: CLOSED,
    also: [viaKafkajs('read ECONNRESET', 'ECONNRESET'), failed('connect ECONNRESET 127.0.0.1:9092')],
    found: 'it closed the connection without an answer',
    change:
      'if the port speaks TLS, set security.protocol to ssl; else it is none of Kafka, or a proxy without a broker behind it: correct the port',
  },
  {
    name: 'somebody who closes after the TLS handshake',
    tried: { ...TLS, progress: CONNECTED },
    said: CLOSED,
    found: 'it closed the connection without an answer',
    change: 'this is no port of Kafka, or a proxy without a broker behind it: correct the port',
  },
  {
    name: 'TLS on a port in the clear',
    tried: TLS,
    said: failed(BEFORE_TLS, { code: 'ECONNRESET', host: '127.0.0.1' }),
    also: [viaKafkajs(BEFORE_TLS, 'ECONNRESET')],
    found: 'it closed the connection in the TLS handshake',
    change:
      "if the port speaks no TLS, set security.protocol to plaintext; else correct the port, or look into the broker's log",
  },
  {
    name: 'TLS to who answers in the clear',
    tried: SASL_TLS,
    said: failed(openssl(1, 'ssl3_get_record', 'wrong version number'), { code: 'ERR_SSL_WRONG_VERSION_NUMBER' }),
    also: [
      viaKafkajs(openssl(3, 'tls_validate_record_header', 'wrong version number')),
      failed('write EPROTO 803C:error:0A00010B:SSL routines:ssl3_get_record:wrong version number', { code: 'EPROTO' }),
      failed(openssl(3, 'tls_get_more_records', 'packet length too long'), { code: 'ERR_SSL_PACKET_LENGTH_TOO_LONG' }),
    ],
    found: 'it answers, but not in TLS',
    change: 'if it is a listener of Kafka, set security.protocol to sasl_plaintext; else correct the port',
  },
  {
    name: 'an expired certificate',
    tried: TLS,
    said: failed('certificate has expired', { code: 'CERT_HAS_EXPIRED' }),
    also: [viaKafkajs('certificate has expired', 'CERT_HAS_EXPIRED')],
    found: "the broker's certificate has expired",
    change: "renew it on the broker, or set this host's clock right",
  },
  {
    name: 'a certificate of tomorrow',
    tried: TLS,
    said: failed('certificate is not yet valid', { code: 'CERT_NOT_YET_VALID' }),
    found: "the broker's certificate is not valid yet",
    change: "set this host's clock right, or have the broker's certificate made anew",
  },
  {
    name: 'a self-signed certificate',
    tried: TLS,
    said: failed('self-signed certificate', { code: 'DEPTH_ZERO_SELF_SIGNED_CERT' }),
    also: [failed('self-signed certificate in certificate chain', { code: 'SELF_SIGNED_CERT_IN_CHAIN' })],
    found: "the broker's certificate, or its CA, signed itself and is not trusted here",
    change: CA,
  },
  {
    name: 'an unknown CA',
    tried: TLS,
    said: failed('unable to verify the first certificate', { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' }),
    also: [
      viaKafkajs(
        'unable to verify the first certificate; if the root CA is installed locally, try running Node.js with --use-system-ca',
      ),
      failed('unable to get local issuer certificate', { code: 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY' }),
      failed('certificate signature failure', { code: 'CERT_SIGNATURE_FAILURE' }),
    ],
    found: "the broker's certificate is of a CA that is not trusted here",
    change: CA,
  },
  {
    name: "another host's certificate",
    tried: TLS,
    said: failed(
      "Hostname/IP does not match certificate's altnames: Host: kafka. is not in the cert's altnames: DNS:broker.example.org",
      { code: 'ERR_TLS_CERT_ALTNAME_INVALID', cert: { subjectaltname: 'DNS:broker.example.org' } },
    ),
    also: [
      failed("Hostname/IP does not match certificate's altnames: IP: 127.0.0.1 is not in the cert's list: ", {
        code: 'ERR_TLS_CERT_ALTNAME_INVALID',
        cert: { subjectaltname: 'DNS:broker.example.org' },
      }),
    ],
    found: "the broker's certificate is for DNS:broker.example.org, not for kafka",
    change:
      'connect by a name of the certificate, have one made for this name, or set ssl.endpoint.identification.algorithm to none',
  },
  {
    name: 'no client certificate',
    tried: TLS,
    said: failed(openssl(1, 'ssl3_read_bytes', 'sslv3 alert bad certificate', 'SSL alert number 42'), {
      code: 'ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE',
    }),
    also: [
      failed(openssl(3, 'ssl3_read_bytes', 'ssl/tls alert bad certificate', 'SSL alert number 42'), {
        code: 'ERR_SSL_SSL/TLS_ALERT_BAD_CERTIFICATE',
      }),
      failed(openssl(1, 'ssl3_read_bytes', 'tlsv13 alert certificate required', 'SSL alert number 116'), {
        code: 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED',
      }),
    ],
    found: 'the broker wants a client certificate, or cannot read ours',
    change:
      'set ssl.certificate.location and ssl.key.location (or ssl.keystore.location) to one that the broker trusts',
  },
  {
    name: 'a client certificate that is not trusted, or expired',
    tried: TLS,
    said: failed(openssl(1, 'ssl3_read_bytes', 'sslv3 alert certificate unknown', 'SSL alert number 46'), {
      code: 'ERR_SSL_SSLV3_ALERT_CERTIFICATE_UNKNOWN',
    }),
    also: [
      failed(openssl(3, 'ssl3_read_bytes', 'ssl/tls alert certificate unknown', 'SSL alert number 46'), {
        code: 'ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_UNKNOWN',
      }),
      viaKafkajs(openssl(1, 'ssl3_read_bytes', 'tlsv1 alert unknown ca', 'SSL alert number 48')),
      viaKafkajs(openssl(1, 'ssl3_read_bytes', 'sslv3 alert certificate expired', 'SSL alert number 45')),
    ],
    found: 'the broker does not accept our client certificate',
    change:
      "use one that has not expired and whose CA is in the broker's ssl.truststore (ssl.certificate.location, ssl.keystore.location)",
  },
  {
    name: 'no common TLS',
    tried: TLS,
    said: failed(openssl(1, 'ssl3_read_bytes', 'tlsv1 alert protocol version', 'SSL alert number 70'), {
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    }),
    also: [
      viaKafkajs(openssl(3, 'tls_setup_handshake', 'no protocols available')),
      viaKafkajs(openssl(1, 'ssl3_read_bytes', 'sslv3 alert handshake failure', 'SSL alert number 40')),
    ],
    found: 'the broker and we have no version or cipher of TLS in common',
    change:
      'enable TLS 1.2 or 1.3 on the broker (ssl.enabled.protocols, ssl.cipher.suites); where it wants a client certificate, set ssl.certificate.location',
  },
  {
    name: 'a wrong password',
    tried: SASL,
    said: failed('SASL PLAIN authentication failed: Authentication failed: Invalid username or password', {
      name: 'KafkaJSSASLAuthenticationError',
    }),
    found: 'the broker refused the user or password (SASL PLAIN)',
    change: 'correct sasl.username and sasl.password, or make the user known to the broker for PLAIN',
  },
  {
    name: 'a wrong password or user, by SCRAM',
    tried: SASL_TLS,
    said: failed(
      'SASL SCRAM SHA256 authentication failed: Authentication failed during authentication due to invalid credentials with SASL mechanism SCRAM-SHA-256',
      { name: 'KafkaJSSASLAuthenticationError' },
    ),
    found: 'the broker refused the user or password (SASL SCRAM-SHA-256)',
    change: 'correct sasl.username and sasl.password, or make the user known to the broker for SCRAM-SHA-256',
  },
  {
    name: 'a broker that does not know the password',
    tried: SASL_TLS,
    said: failed('SASL SCRAM SHA256 authentication failed: Invalid server signature in server final message'),
    found: 'the broker gave no proof that it knows our password',
    change: 'make sure that this is your broker, and check sasl.password',
  },
  {
    name: 'an old broker that closes at a wrong password',
    tried: { ...SASL, progress: GREETED },
    said: CLOSED,
    found: 'the broker closed the connection in the middle of the SASL PLAIN login',
    change: "check sasl.username and sasl.password, and look into the broker's log",
  },
  {
    name: 'a mechanism that is off',
    tried: SASL_TLS,
    said: failed('The broker does not support the requested SASL mechanism', {
      name: 'KafkaJSProtocolError',
      type: 'UNSUPPORTED_SASL_MECHANISM',
      code: 33,
    }),
    also: [failed('SASL SCRAM-SHA-256 mechanism is not supported by the server')],
    found: 'the broker does not take SASL SCRAM-SHA-256',
    change: "set sasl.mechanisms to one of the broker's sasl.enabled.mechanisms, or enable it there",
  },
  {
    name: 'SASL where there is none',
    tried: SASL,
    said: failed('Request is not valid given the current SASL state', {
      name: 'KafkaJSProtocolError',
      type: 'ILLEGAL_SASL_STATE',
      code: 34,
    }),
    found: 'the broker asks for no SASL at this port',
    change: 'set security.protocol to plaintext, or use the port of its SASL listener',
  },
  {
    name: 'no SASL where it is wanted',
    tried: { ...PLAIN, progress: GREETED },
    said: CLOSED,
    found: 'the broker closed the connection at the first request',
    change:
      "if it wants SASL, set security.protocol to sasl_plaintext, and sasl.mechanisms, sasl.username and sasl.password; else look into the broker's log",
  },
  {
    name: 'a token that is refused',
    tried: { ...OAUTH, progress: GREETED },
    said: failed('SASL OAUTHBEARER authentication failed: {"status":"invalid_token"}'),
    also: [CLOSED],
    found: 'the broker refused the token (SASL OAUTHBEARER)',
    change:
      "check sasl.oauthbearer.scope and the client's audience at the token endpoint, and issuer, audience and key set (jwks) on the broker",
  },
  {
    name: 'a broker that is too old',
    tried: PLAIN,
    said: failed('API Versions not supported', { name: 'KafkaJSNonRetriableError' }),
    found: 'the broker speaks no version of the protocol that is known here',
    change: 'use Apache Kafka 0.11 or newer',
  },
];

describe('explainConnection', () => {
  it.each(CASES)('explains $name', ({ tried, said, also = [], found, change }) => {
    for (const each of [said, ...also]) expect(explainConnection(each, tried)).toBe(`kafka:9092: ${found}; ${change}`);
  });

  it('says so when a certificate has no names at all', () => {
    const said = failed("Hostname/IP does not match certificate's altnames: Cert does not contain a DNS name");
    expect(explainConnection(said, TLS)).toContain("the broker's certificate is for another name, not for kafka;");
  });

  it('says what nobody foresaw as it is, on one line', () => {
    expect(explainConnection(failed('odd\nstack'), PLAIN)).toBe('kafka:9092: odd');
    expect(explainConnection(failed('x'.repeat(1000)), PLAIN)).toHaveLength('kafka:9092: '.length + 200);
    expect(explainConnection(undefined, PLAIN)).toBe('kafka:9092: undefined');
  });

  it('shows no control characters of a service, and little of what it says', () => {
    const service = Buffer.from(`\n\x1b[31m\x00 ${'y'.repeat(50)}`);
    expect(explainConnection(CLOSED, { ...PLAIN, progress: spoke(service) })).toContain(
      'something that begins with "..[31m. yyyyyyyy" answers',
    );
  });

  it('repeats no password that a broker sends back', () => {
    const said = failed(`SASL PLAIN authentication failed: Authentication failed: ${SECRET} is wrong`);
    expect(explainConnection(said, SASL)).not.toContain(SECRET);
  });

  it('goes by what the greeted broker does, not by its first bytes', () => {
    expect(explainConnection(CLOSED, { ...PLAIN, progress: GREETED })).not.toContain('begins with');
  });
});

describe('docs/troubleshooting-kafka.md', () => {
  const rows = readFileSync(GUIDE, 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .map((line) => line.split('|').map((cell) => cell.trim().replaceAll('`', '')))
    .map(([, found, cause, change]) => ({ found, cause, change }));

  it.each(CASES)('has a row for $name', ({ found, change }) => {
    expect(rows.filter((row) => row.found === found).map((row) => row.change)).toContain(change);
  });

  it('has a cause in every row', () => {
    expect(rows.filter(({ cause }) => !cause)).toEqual([]);
  });

  it('has no row in its first table that nothing here says', () => {
    const said = new Set(CASES.map(({ found }) => found));
    const [head = '', ...tables] = readFileSync(GUIDE, 'utf8').split(/^## /m);
    const connection = tables.find((text) => text.startsWith('No connection'));
    expect(head).toContain('# ');
    const strange = (connection ?? '')
      .split('\n')
      .filter((line) => line.startsWith('| ') && !line.startsWith('| The log says') && !line.startsWith('| ---'))
      .map((line) => line.split('|')[1]?.trim().replaceAll('`', '') ?? '')
      .filter((found) => !said.has(found));
    expect([connection === undefined, strange]).toEqual([false, []]);
  });
});
