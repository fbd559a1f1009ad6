import { childPath, isSecretName } from '../../src/sinks/problems';

describe('childPath', () => {
  it.each([
    ['', 'a', 'a'],
    ['a', 'b.c', 'a.b.c'],
    ['a', '{topic}.acks', 'a.{topic}.acks'],
    ['a', 'my stream', 'a["my stream"]'],
    ['a', '', 'a[""]'],
    ['a', 3, 'a[3]'],
  ])('%j and %j give %s', (path, key, expected) => expect(childPath(path, key)).toBe(expected));
});

describe('isSecretName', () => {
  it.each([
    'sasl.password',
    'ssl.key.password',
    'ssl.keystore.password',
    'ssl.key.pem',
    'ssl_key',
    'sasl.oauthbearer.client.secret',
    'sasl.oauthbearer.client.credentials.client.secret',
    'sasl.oauthbearer.assertion.private.key.passphrase',
    'apiKey',
    'authToken',
    'tokens[1]',
    'credentials.user',
  ])('%s', (name) => expect(isSecretName(name)).toBe(true));

  it.each([
    'sasl.mechanisms',
    'sasl.username',
    'sasl.oauthbearer.token.endpoint.url',
    'ssl.key.location',
    'ssl.ca.location',
    'emptyKey',
    'path',
  ])('not %s', (name) => expect(isSecretName(name)).toBe(false));
});
