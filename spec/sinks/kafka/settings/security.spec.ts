import * as E from 'fp-ts/Either';
import { report } from '../../../../src/config/report';
import { decodeKafkaSettings, type KafkaSettings } from '../../../../src/sinks/kafka/settings';
import { settingsOf, TLS_DEFAULTS } from '../settingsOf';

type Raw = Readonly<Record<string, unknown>>;

const errorsOf = (raw: Raw): readonly string[] => {
  const decoded = decodeKafkaSettings({ 'bootstrap.servers': 'kafka1', ...raw }, 's');
  return E.isLeft(decoded) ? report('b', decoded.left) : [];
};

const warningsOf = (raw: Raw): readonly string[] => report('b', settingsOf(raw, 's').warnings);

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n';
const SSL = { 'security.protocol': 'ssl' };
const SASL = { 'security.protocol': 'sasl_ssl' };
const PLAIN = { ...SASL, 'sasl.mechanisms': 'PLAIN', 'sasl.username': 'me', 'sasl.password': 'hunter2' };
const OIDC = {
  ...SASL,
  'sasl.mechanism': 'OAUTHBEARER',
  'sasl.oauthbearer.method': 'oidc',
  'sasl.oauthbearer.token.endpoint.url': 'https://id.example.org/token',
  'sasl.oauthbearer.client.id': 'kahets',
  'sasl.oauthbearer.client.secret': 'hunter2',
};

describe('TLS', () => {
  it('is off with plaintext', () => expect(settingsOf({})).toMatchObject({ tls: undefined, sasl: undefined }));

  it.each<[Raw, Partial<KafkaSettings['tls']>]>([
    [{}, {}],
    [{ 'security.protocol': 'SSL', 'bootstrap.servers': 'SSL://a:9093,b' }, {}],
    [{ 'ssl.ca.location': '/ca.pem' }, { ca: { path: '/ca.pem' } }],
    [{ 'ssl.ca.location': 'probe' }, {}],
    [{ 'ssl.ca.pem': PEM }, { ca: { pem: PEM } }],
    [
      { 'ssl.certificate.location': '/c', 'ssl.key.location': '/k', 'ssl.key.password': 7 },
      { certificate: { path: '/c' }, key: { path: '/k' }, keyPassword: '7' },
    ],
    [
      { 'ssl.certificate.pem': PEM, 'ssl.key.pem': PEM },
      { certificate: { pem: PEM }, key: { pem: PEM } },
    ],
    [
      { 'ssl.keystore.location': '/p12', 'ssl.keystore.password': 'hunter2' },
      { keystore: { path: '/p12', password: 'hunter2' } },
    ],
    [{ 'enable.ssl.certificate.verification': 'false' }, { verify: false }],
    [{ 'ssl.endpoint.identification.algorithm': 'NONE' }, { verifyHostname: false }],
  ])('reads %j', (raw, expected) => {
    expect(settingsOf({ ...SSL, ...raw })).toMatchObject({ tls: { ...TLS_DEFAULTS, ...expected }, sasl: undefined });
    expect(settingsOf({ ...PLAIN, ...raw, ...SASL, 'bootstrap.servers': 'a' }).tls).toEqual({
      ...TLS_DEFAULTS,
      ...expected,
    });
  });

  it.each<[Raw, string]>([
    [
      { 'security.protocol': 'tls' },
      's.security.protocol: expected one of plaintext, ssl, sasl_plaintext, sasl_ssl, got "tls"',
    ],
    [
      { 'bootstrap.servers': 'a,plaintext://b' },
      's.bootstrap.servers: expected brokers without a protocol, or with that of security.protocol (ssl), got plaintext://',
    ],
    [{ 'ssl.ca.location': '' }, 's.ssl.ca.location: expected a non-empty string, got ""'],
    [{ 'ssl.ca.pem': PEM.replaceAll('\n', '\\n') }, 's.ssl.ca.pem: expected PEM: '],
    [{ 'ssl.ca.pem': '/ca.pem' }, 's.ssl.ca.pem: expected PEM: '],
    [
      { 'ssl.ca.location': '/ca', 'ssl.ca.pem': PEM },
      's.ssl.ca.pem: expected nothing beside ssl.ca.location, or the other way round, got both',
    ],
    [
      { 'ssl.certificate.location': '/c', 'ssl.certificate.pem': PEM, 'ssl.key.location': '/k' },
      's.ssl.certificate.pem: expected nothing beside ssl.certificate.location, or the other way round, got both',
    ],
    [
      { 'ssl.certificate.location': '/c', 'ssl.key.pem': PEM, 'ssl.key.location': '/k' },
      's.ssl.key.pem: expected nothing beside ssl.key.location, or the other way round, got both',
    ],
    [
      { 'ssl.certificate.location': '/c' },
      's.ssl.key.location: expected the private key of the certificate (or ssl.key.pem), got nothing',
    ],
    [
      { 'ssl.key.pem': PEM },
      's.ssl.certificate.location: expected the certificate of the key (or ssl.certificate.pem), got nothing',
    ],
    [
      { 'ssl.keystore.location': '/p12' },
      's.ssl.keystore.password: expected the password of the keystore, got nothing',
    ],
    [
      {
        'ssl.keystore.location': '/p12',
        'ssl.keystore.password': 'x',
        'ssl.certificate.location': '/c',
        'ssl.key.location': '/k',
      },
      's.ssl.keystore.location: expected nothing beside a certificate or key of its own (ssl.certificate.*, ssl.key.*), or the other way round, got both',
    ],
    [
      { 'enable.ssl.certificate.verification': 'off' },
      's.enable.ssl.certificate.verification: expected true or false, got "off"',
    ],
    [
      { 'ssl.endpoint.identification.algorithm': '' },
      's.ssl.endpoint.identification.algorithm: expected one of https, none, got ""',
    ],
    [{ 'ssl.cipher.suites': 'HIGH' }, "s.ssl.cipher.suites: expected nothing, since Node's own choice holds"],
    [{ 'ssl.crl.location': '/crl' }, 's.ssl.crl.location: expected nothing, since lists of revoked certificates'],
  ])('refuses %j', (raw, line) =>
    expect(errorsOf({ ...SSL, ...raw })).toEqual([expect.stringContaining(`b: ${line}`)]),
  );

  it.each<[Raw, string]>([
    [
      { ...SSL, 'enable.ssl.certificate.verification': false },
      's.enable.ssl.certificate.verification: expected true: without it anyone between can pose as the broker, read and change everything, got false',
    ],
    [
      { ...SSL, 'ssl.key.password': 'x' },
      's.ssl.key.password: expected ssl.key.location or ssl.key.pem beside it, got a setting without effect',
    ],
    [
      { ...SSL, 'ssl.keystore.password': 'x' },
      's.ssl.keystore.password: expected ssl.keystore.location beside it, got a setting without effect',
    ],
    ...[
      { 'ssl.ca.location': '/ca' },
      { 'ssl.certificate.location': '/c' },
      { 'ssl.key.password': 'x' },
      { 'ssl.keystore.location': '/p12' },
      { 'enable.ssl.certificate.verification': true },
      { 'ssl.endpoint.identification.algorithm': 'https' },
    ].map((raw): [Raw, string] => [
      raw,
      `s.${Object.keys(raw).join('')}: expected security.protocol ssl or sasl_ssl beside it, since messages are sent in the clear now (it is plaintext), got a setting without effect`,
    ]),
    [
      { ...PLAIN, 'security.protocol': 'sasl_plaintext', 'ssl.ca.pem': PEM },
      's.ssl.ca.pem: expected security.protocol sasl_ssl beside it, since messages are sent in the clear now (it is sasl_plaintext), got a setting without effect',
    ],
  ])('warns of %j', (raw, line) => expect(warningsOf(raw)).toEqual([`b: ${line}`]));

  it('has none of what it warns of', () =>
    expect(settingsOf({ 'ssl.ca.location': '/ca', 'sasl.mechanisms': 'GSSAPI' })).toMatchObject({
      tls: undefined,
      sasl: undefined,
    }));
});

describe('SASL', () => {
  it.each(['PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512'])(
    '%s takes a name and a password, also as a number',
    (mechanism) => {
      const raw = { ...PLAIN, 'sasl.mechanisms': mechanism.toLowerCase() };
      expect(settingsOf(raw).sasl).toEqual({ mechanism, username: 'me', password: 'hunter2' });
      expect(settingsOf({ ...raw, 'security.protocol': 'sasl_plaintext' })).toMatchObject({
        sasl: { mechanism },
        tls: undefined,
        warnings: [],
      });
      expect(settingsOf({ ...raw, 'sasl.password': 12345678 }).sasl).toMatchObject({ password: '12345678' });
    },
  );

  it('OAUTHBEARER takes a token endpoint, an id and a secret', () => {
    const sasl = {
      mechanism: 'OAUTHBEARER',
      tokenEndpoint: 'https://id.example.org/token',
      clientId: 'kahets',
      clientSecret: 'hunter2',
      scope: undefined,
      extensions: {},
    };
    expect(settingsOf(OIDC)).toMatchObject({ sasl, warnings: [] });
    expect(
      settingsOf({
        ...OIDC,
        'sasl.oauthbearer.scope': 'kafka',
        'sasl.oauthbearer.extensions': 'logicalCluster=lkc-1, identityPoolId=pool=2',
        'sasl.oauthbearer.grant.type': 'client_credentials',
        'enable.sasl.oauthbearer.unsecure.jwt': 'false',
      }).sasl,
    ).toEqual({ ...sasl, scope: 'kafka', extensions: { logicalCluster: 'lkc-1', identityPoolId: 'pool=2' } });
  });

  const GSSAPI =
    'expected one of PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, since GSSAPI (Kerberos, the default of librdkafka)';

  it.each<[Raw, string]>([
    [SASL, `s.sasl.mechanisms: ${GSSAPI}`],
    [{ ...PLAIN, 'sasl.mechanisms': 'GSSAPI' }, `s.sasl.mechanisms: ${GSSAPI}`],
    [
      { ...PLAIN, 'sasl.mechanisms': 'PLAIN,SCRAM-SHA-256' },
      's.sasl.mechanisms: expected one of GSSAPI, PLAIN, SCRAM-SHA-256, SCRAM-SHA-512, OAUTHBEARER, got "PLAIN,SCRAM-SHA-256"',
    ],
    [
      { ...PLAIN, 'sasl.username': null },
      's.sasl.username: expected a user name, since sasl.mechanisms is PLAIN, got nothing',
    ],
    [{ ...PLAIN, 'sasl.password': '' }, 's.sasl.password: expected a non-empty string, got ""'],
    [
      { ...PLAIN, 'sasl.password': undefined },
      's.sasl.password: expected a password, since sasl.mechanisms is PLAIN, got nothing',
    ],
    [
      { ...PLAIN, 'sasl.password': 12345678901234567890 },
      's.sasl.password: expected a non-empty string, got a number (not shown)',
    ],
    [
      { ...OIDC, 'sasl.oauthbearer.method': null },
      's.sasl.oauthbearer.method: expected oidc, since the default is a callback of the program or tokens that nobody signed, and neither is available, got nothing',
    ],
    [{ ...OIDC, 'sasl.oauthbearer.method': 'default' }, 's.sasl.oauthbearer.method: expected oidc, since'],
    [
      { ...OIDC, 'enable.sasl.oauthbearer.unsecure.jwt': 'true' },
      's.enable.sasl.oauthbearer.unsecure.jwt: expected false, since tokens that nobody signed prove nothing',
    ],
    ...['token.endpoint.url', 'client.id', 'client.secret'].map((name): [Raw, string] => [
      { ...OIDC, [`sasl.oauthbearer.${name}`]: null },
      `s.sasl.oauthbearer.${name}: expected `,
    ]),
    [
      { ...OIDC, 'sasl.oauthbearer.token.endpoint.url': 'id.example.org/token' },
      's.sasl.oauthbearer.token.endpoint.url: expected a URL that starts with https:// or http://, with no name or password in it, got "id.example.org/token"',
    ],
    [
      { ...OIDC, 'sasl.oauthbearer.token.endpoint.url': 'https://me:hunter2@id.example.org/' },
      's.sasl.oauthbearer.token.endpoint.url: expected a URL that starts with https:// or http://, with no name or password in it, got "https://…@id.example.org/"',
    ],
    [
      { ...OIDC, 'sasl.oauthbearer.token.endpoint.url': 'ftp://a' },
      's.sasl.oauthbearer.token.endpoint.url: expected a URL',
    ],
    ...['auth=x', 'a1=x', 'a', '=x', 'a='].map((extensions): [Raw, string] => [
      { ...OIDC, 'sasl.oauthbearer.extensions': extensions },
      's.sasl.oauthbearer.extensions: expected extensions as name=value',
    ]),
    [
      { ...OIDC, 'sasl.oauthbearer.grant.type': 'urn:ietf:params:oauth:grant-type:jwt-bearer' },
      's.sasl.oauthbearer.grant.type: expected one of client_credentials, got "urn:',
    ],
    [
      { ...OIDC, 'sasl.oauthbearer.metadata.authentication.type': 'azure_imds' },
      's.sasl.oauthbearer.metadata.authentication.type: expected one of none, got "azure_imds"',
    ],
  ])('refuses %j', (raw, line) => expect(errorsOf(raw)).toEqual([expect.stringContaining(`b: ${line}`)]));

  it('tells of everything that is missing at once', () =>
    expect(errorsOf({ ...SSL, ...SASL, 'sasl.mechanisms': 'PLAIN', 'ssl.key.location': '/k' })).toHaveLength(3));

  it.each<[Raw, string]>([
    [
      { ...SSL, 'sasl.username': 'me' },
      's.sasl.username: expected security.protocol sasl_ssl beside it, since brokers are not told who we are now (it is ssl), got a setting without effect',
    ],
    [
      { 'sasl.mechanism': 'GSSAPI' },
      's.sasl.mechanism: expected security.protocol sasl_ssl or sasl_plaintext beside it, since brokers are not told who we are now (it is plaintext), got a setting without effect',
    ],
    [
      { ...PLAIN, 'sasl.oauthbearer.scope': 'kafka' },
      's.sasl.oauthbearer.scope: expected nothing, since sasl.mechanisms is PLAIN, got a setting without effect',
    ],
    [
      { ...OIDC, 'sasl.password': 'hunter2' },
      's.sasl.password: expected nothing, since sasl.mechanisms is OAUTHBEARER, got a setting without effect',
    ],
    [
      { ...OIDC, 'sasl.oauthbearer.token.endpoint.url': 'http://id.example.org/token' },
      's.sasl.oauthbearer.token.endpoint.url: expected https:, since the secret is sent in the clear now, got http:',
    ],
    [
      { ...OIDC, 'sasl.oauthbearer.config': 'principal=me' },
      's.sasl.oauthbearer.config: expected nothing, since tokens are asked for by the id and secret of the client alone, got a setting of librdkafka without effect here',
    ],
  ])('warns of %j', (raw, line) => expect(warningsOf(raw)).toEqual([`b: ${line}`]));

  it.each(['http://localhost/token', 'http://127.0.0.1:8080/token', 'http://[::1]:8080/'])(
    'takes %s without a warning',
    (url) => expect(warningsOf({ ...OIDC, 'sasl.oauthbearer.token.endpoint.url': url })).toEqual([]),
  );

  it('shows no secret', () => {
    const wrong = { 'sasl.password': ['hunter2'], 'ssl.key.password': { hunter2: 1 }, 'ssl.ca.pem': 'hunter2' };
    expect(errorsOf({ ...PLAIN, ...wrong, 'sasl.oauthbearer.extensions': 'auth=hunter2' }).join()).not.toContain(
      'hunter2',
    );
    expect(warningsOf({ 'sasl.password': 'hunter2', 'ssl.key.password': 'hunter2' }).join()).not.toContain('hunter2');
  });
});
