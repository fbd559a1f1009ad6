/** A real broker with a listener for each way of encrypting and of saying who one is. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { KEY_PASSWORD, type Certificates, type Identity } from './certificates';
import { createNode, freePorts, newClusterId, type Broker } from './kafka';
import { AUDIENCE, publicKeys } from './tokenEndpoint';

/** Who may come in by PLAIN and by SCRAM. */
export const USER = { username: 'kahets', password: 'pa$$word of kahets' } as const;

/** Sessions on the listener `SHORT` end after this long. */
export const SHORT_SESSION_MS = 3000;

/**
 * `PLAINTEXT`: in the clear and nameless, to read back what arrived. `TLS`; `MUTUAL`: the same, and a client certificate is
 * required; `WRONG_NAME`, `EXPIRED`: the same as `TLS` with such a certificate. `SASL`: in the clear, `SASL_TLS`, and `SHORT`:
 * in the clear with sessions of {@link SHORT_SESSION_MS}; all three by PLAIN, SCRAM and OAUTHBEARER.
 */
export type Listener = 'PLAINTEXT' | 'TLS' | 'MUTUAL' | 'WRONG_NAME' | 'EXPIRED' | 'SASL' | 'SASL_TLS' | 'SHORT';

const PROTOCOLS: Readonly<Record<Listener, string>> = {
  PLAINTEXT: 'PLAINTEXT',
  TLS: 'SSL',
  MUTUAL: 'SSL',
  WRONG_NAME: 'SSL',
  EXPIRED: 'SSL',
  SASL: 'SASL_PLAINTEXT',
  SASL_TLS: 'SASL_SSL',
  SHORT: 'SASL_PLAINTEXT',
};
const LISTENERS = Object.keys(PROTOCOLS) as readonly Listener[];

export interface SecureBroker extends Pick<Broker, 'start' | 'stop' | 'remove' | 'pid'> {
  /** `127.0.0.1:port`. */
  readonly address: (listener: Listener) => string;
}

const SECURITY = 'org.apache.kafka.common.security';

/** Lines of server.properties for one listener. */
const linesOf =
  (listener: Listener) =>
  (values: Readonly<Record<string, string>>): string =>
    Object.entries(values)
      .map(([name, value]) => `listener.name.${listener.toLowerCase()}.${name}=${value}\n`)
      .join('');

const tlsLines = (listener: Listener, { broker, wrongName, expired, ca }: Certificates): string => {
  const special: Partial<Record<Listener, Identity>> = { WRONG_NAME: wrongName, EXPIRED: expired };
  const identity = special[listener] ?? broker;
  return linesOf(listener)({
    'ssl.keystore.type': 'PKCS12',
    'ssl.keystore.location': identity.keystore,
    'ssl.keystore.password': KEY_PASSWORD,
    'ssl.key.password': KEY_PASSWORD,
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': ca,
    'ssl.client.auth': listener === 'MUTUAL' ? 'required' : 'none',
  });
};

const saslLines = (listener: Listener): string =>
  linesOf(listener)({
    'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER',
    'plain.sasl.jaas.config': `${SECURITY}.plain.PlainLoginModule required user_${USER.username}="${USER.password}";`,
    'scram-sha-256.sasl.jaas.config': `${SECURITY}.scram.ScramLoginModule required;`,
    'scram-sha-512.sasl.jaas.config': `${SECURITY}.scram.ScramLoginModule required;`,
    'oauthbearer.sasl.jaas.config': `${SECURITY}.oauthbearer.OAuthBearerLoginModule required;`,
    'oauthbearer.sasl.server.callback.handler.class': `${SECURITY}.oauthbearer.OAuthBearerValidatorCallbackHandler`,
    'connection.failed.authentication.delay.ms': '0',
  });

const reauthLines = linesOf('SHORT')({
  'plain.connections.max.reauth.ms': String(SHORT_SESSION_MS),
  'scram-sha-256.connections.max.reauth.ms': String(SHORT_SESSION_MS),
  'scram-sha-512.connections.max.reauth.ms': String(SHORT_SESSION_MS),
  'oauthbearer.connections.max.reauth.ms': String(SHORT_SESSION_MS),
});

const settings = (
  certificates: Certificates,
  address: (listener: Listener) => string,
  controllerPort: number,
  keysUrl: string,
): string => {
  const listeners = LISTENERS.map((name) => `${name}://${address(name)}`).join(',');
  const protocols = LISTENERS.map((name) => `${name}:${PROTOCOLS[name]}`).join(',');
  return [
    `listeners=${listeners},CONTROLLER://127.0.0.1:${controllerPort}\n`,
    `advertised.listeners=${listeners}\n`,
    `listener.security.protocol.map=${protocols},CONTROLLER:PLAINTEXT\n`,
    'inter.broker.listener.name=PLAINTEXT\n',
    'num.network.threads=1\n',
    `sasl.oauthbearer.jwks.endpoint.url=${keysUrl}\n`,
    // The default one, of Kafka 4.1, is the client's, which takes any token.
    `sasl.oauthbearer.jwt.validator.class=${SECURITY}.oauthbearer.BrokerJwtValidator\n`,
    `sasl.oauthbearer.expected.audience=${AUDIENCE}\n`,
    ...LISTENERS.filter((name) => PROTOCOLS[name].endsWith('SSL')).map((name) => tlsLines(name, certificates)),
    ...LISTENERS.filter((name) => PROTOCOLS[name].startsWith('SASL')).map(saslLines),
    reauthLines,
  ].join('');
};

/** A broker that answers. Tokens are those of `startTokenEndpoint`; `certificates` are to stay as long as it runs. */
export const startSecureBroker = async (certificates: Certificates): Promise<SecureBroker> => {
  const [controllerPort = 0, ...ports] = await freePorts(1 + LISTENERS.length);
  const address = (listener: Listener): string => `127.0.0.1:${ports[LISTENERS.indexOf(listener)] ?? 0}`;
  const keys = path.join(certificates.folder, 'public-keys.json');
  await writeFile(keys, JSON.stringify(publicKeys()));
  const keysUrl = pathToFileURL(keys).href;
  const scram = ['SCRAM-SHA-256', 'SCRAM-SHA-512'].flatMap((mechanism) => [
    '--add-scram',
    `${mechanism}=[name=${USER.username},password=${USER.password}]`,
  ]);
  const node = await createNode({
    nodeId: 1,
    port: ports[LISTENERS.indexOf('PLAINTEXT')] ?? 0,
    controllerPort,
    voters: `1@127.0.0.1:${controllerPort}`,
    clusterId: newClusterId(),
    heap: '512m',
    settings: settings(certificates, address, controllerPort, keysUrl),
    format: scram,
    javaOptions: [`-Dorg.apache.kafka.sasl.oauthbearer.allowed.urls=${keysUrl}`],
  });
  await node.start();
  const { start, stop, remove, pid } = node;
  return { start, stop, remove, pid, address };
};
