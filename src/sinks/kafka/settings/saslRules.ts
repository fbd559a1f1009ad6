import type { Problem } from '../../../model';
import { found, together, unusedBy, type IsGiven, type Rule } from './rules';
import { MECHANISMS, SASL } from './security';
import type { Named, SettingName } from './table';

const SASL_NAMES = Object.keys(SASL) as SettingName[];

export const authenticates = ({ 'security.protocol': protocol }: Named): boolean =>
  protocol === 'sasl_plaintext' || protocol === 'sasl_ssl';

const MECHANISMS_HERE = MECHANISMS.filter((mechanism) => mechanism !== 'GSSAPI').join(', ');

const passwordConflicts = (given: IsGiven, mechanism: string): readonly Problem[] => [
  ...together(true, !given('sasl.username'), 'sasl.username', `a user name, since sasl.mechanisms is ${mechanism}`),
  ...together(true, !given('sasl.password'), 'sasl.password', `a password, since sasl.mechanisms is ${mechanism}`),
];

const tokenConflicts = (named: Named, given: IsGiven): readonly Problem[] => {
  const oidc = named['sasl.oauthbearer.method'] === 'oidc';
  const NEEDED: readonly (readonly [SettingName, string])[] = [
    ['sasl.oauthbearer.token.endpoint.url', 'the URL that tokens are asked for'],
    ['sasl.oauthbearer.client.id', 'the id to ask for tokens with'],
    ['sasl.oauthbearer.client.secret', 'the secret to ask for tokens with'],
  ];
  return [
    ...found(
      !oidc,
      'sasl.oauthbearer.method',
      'oidc, since the default is a callback of the program or tokens that nobody signed, and neither is available',
      given('sasl.oauthbearer.method') ? 'default' : 'nothing',
    ),
    ...found(
      named['enable.sasl.oauthbearer.unsecure.jwt'],
      'enable.sasl.oauthbearer.unsecure.jwt',
      'false, since tokens that nobody signed prove nothing: use sasl.oauthbearer.method oidc',
      'true',
    ),
    ...NEEDED.flatMap(([name, what]) =>
      together(oidc, !given(name), name, `${what}, since sasl.oauthbearer.method is oidc`),
    ),
  ];
};

const mechanismConflicts: Rule = (named, given) => {
  const mechanism = named['sasl.mechanisms'];
  if (mechanism === undefined || mechanism === 'GSSAPI')
    return found(
      true,
      'sasl.mechanisms',
      `one of ${MECHANISMS_HERE}, since GSSAPI (Kerberos, the default of librdkafka) needs libraries of the system that are not used here: ask for a SCRAM user, or for OAUTHBEARER`,
      mechanism ?? 'nothing',
    );
  return mechanism === 'OAUTHBEARER' ? tokenConflicts(named, given) : passwordConflicts(given, mechanism);
};

/** Refuses what cannot tell the brokers who we are as it is asked for. Nothing weaker is ever done instead. */
export const saslConflicts: Rule = (named, given) => (authenticates(named) ? mechanismConflicts(named, given) : []);

const unusedSasl = unusedBy(SASL_NAMES, 'sasl_ssl or sasl_plaintext', 'brokers are not told who we are');

const isToken = (name: SettingName): boolean => name.includes('oauthbearer');
const isPassword = (name: SettingName): boolean => name === 'sasl.username' || name === 'sasl.password';

const unusedByMechanism: Rule = ({ 'sasl.mechanisms': mechanism }, given) =>
  SASL_NAMES.filter(mechanism === 'OAUTHBEARER' ? isPassword : isToken).flatMap((name) =>
    found(given(name), name, `nothing, since sasl.mechanisms is ${mechanism ?? 'not set'}`, 'a setting without effect'),
  );

const LOOPBACK = /^http:\/\/(localhost|127\.[\d.]+|\[::1\])(?=[:/]|$)/i;

const secretInClear: Rule = ({ 'sasl.oauthbearer.token.endpoint.url': endpoint = '' }) =>
  found(
    /^http:/i.test(endpoint) && !LOOPBACK.test(endpoint),
    'sasl.oauthbearer.token.endpoint.url',
    'https:, since the secret is sent in the clear now',
    'http:',
  );

/** Speaks of settings that say nothing of us, or too much to others. */
export const saslSurprises: Rule = (named, given) =>
  authenticates(named)
    ? [...unusedByMechanism(named, given), ...secretInClear(named, given)]
    : unusedSasl(named, given);
