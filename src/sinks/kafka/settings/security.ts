import { BooleanFrom, NonEmptyString, oneOf } from '../../codecs';
import { Extensions, HttpUrl, Pem, Text } from './codecs';
import { optional, setting } from './setting';

export const TLS = {
  'ssl.ca.location': optional(NonEmptyString, {
    here: 'file of certificates (PEM, or one in DER) to trust, or a folder of PEM files',
    unlike:
      "where it is not set, or `probe`: what Node trusts (its own list and `NODE_EXTRA_CA_CERTS`), not the system's",
  }),
  'ssl.ca.pem': optional(Pem, { here: 'the same as text; one of the two' }),
  'ssl.certificate.location': optional(NonEmptyString, {
    here: 'file of our own certificate (PEM or DER); needs a key',
  }),
  'ssl.certificate.pem': optional(Pem, { here: 'the same as text; one of the two' }),
  'ssl.key.location': optional(NonEmptyString, { here: 'file of its private key (PEM or DER)' }),
  'ssl.key.pem': optional(Pem, { here: 'the same as text; one of the two' }),
  'ssl.key.password': optional(Text, { here: 'password of the key' }),
  'ssl.keystore.location': optional(NonEmptyString, {
    here: 'file of certificate and key together (PKCS#12), instead of the two',
  }),
  'ssl.keystore.password': optional(Text, { here: 'password of the keystore; needed with it' }),
  'enable.ssl.certificate.verification': setting(BooleanFrom, true, {
    here: "whether a broker's certificate must be trusted. `false` is a warning: anyone between could read and change everything",
  }),
  'ssl.endpoint.identification.algorithm': setting<'https' | 'none'>(oneOf(['https', 'none']), 'https', {
    here: 'whether the certificate must be for the name that is connected to (`none`: any name)',
  }),
};

/** SASL mechanisms by their names; the first is librdkafka's default and not to be had here. */
export const MECHANISMS = ['GSSAPI', 'PLAIN', 'SCRAM-SHA-256', 'SCRAM-SHA-512', 'OAUTHBEARER'] as const;

export const SASL = {
  'sasl.mechanisms': optional(oneOf(MECHANISMS), {
    also: ['sasl.mechanism'],
    here: 'how to say who we are; needed with `sasl_plaintext` and `sasl_ssl`',
    unlike: 'GSSAPI (Kerberos), the default of librdkafka, is refused: see below',
    missing: 'needed with SASL',
  }),
  'sasl.username': optional(Text, { here: 'for PLAIN and SCRAM' }),
  'sasl.password': optional(Text, { here: 'for PLAIN and SCRAM' }),
  'sasl.oauthbearer.method': setting<'default' | 'oidc'>(oneOf(['default', 'oidc']), 'default', {
    here: '`oidc`: OAUTHBEARER asks the token endpoint for tokens (RFC 6749, 4.4)',
    unlike: 'OAUTHBEARER needs `oidc`: the default is a callback of the program, or unsigned tokens',
  }),
  'sasl.oauthbearer.token.endpoint.url': optional(HttpUrl, { here: 'where tokens are asked for' }),
  'sasl.oauthbearer.client.id': optional(Text, {
    also: ['sasl.oauthbearer.client.credentials.client.id'],
    here: 'who asks for a token',
  }),
  'sasl.oauthbearer.client.secret': optional(Text, {
    also: ['sasl.oauthbearer.client.credentials.client.secret'],
    here: 'and the secret that proves it',
  }),
  'sasl.oauthbearer.scope': optional(Text, { here: 'what access to ask for' }),
  'sasl.oauthbearer.extensions': optional(Extensions, {
    here: '`name=value,name=value`, passed on to the broker (KIP-342)',
  }),
  'sasl.oauthbearer.grant.type': setting<'client_credentials'>(oneOf(['client_credentials']), 'client_credentials', {
    here: 'how a token is asked for: by the id and secret of the client',
    unlike: '`urn:ietf:params:oauth:grant-type:jwt-bearer` is not available',
  }),
  'sasl.oauthbearer.metadata.authentication.type': setting<'none'>(oneOf(['none']), 'none', {
    here: 'tokens come from the token endpoint',
    unlike: '`azure_imds` and `aws_iam` are not available',
  }),
  'enable.sasl.oauthbearer.unsecure.jwt': setting(BooleanFrom, false, {
    here: '`true` is refused: tokens that nobody signed prove nothing',
  }),
};

export const PROTOCOL = {
  'security.protocol': setting<'plaintext' | 'ssl' | 'sasl_plaintext' | 'sasl_ssl'>(
    oneOf(['plaintext', 'ssl', 'sasl_plaintext', 'sasl_ssl']),
    'plaintext',
    {
      here: 'whether connections are encrypted (`ssl`, `sasl_ssl`) and we say who we are (`sasl_plaintext`, `sasl_ssl`). `ssl.*` and `sasl.*` beside one that does not use them are warnings',
    },
  ),
};
