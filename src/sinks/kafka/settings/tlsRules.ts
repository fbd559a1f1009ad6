import type { Problem } from '../../../model';
import { found, together, unusedBy, type IsGiven, type Rule } from './rules';
import { TLS } from './security';
import type { Named, SettingName } from './table';

const TLS_NAMES = Object.keys(TLS) as SettingName[];

export const encrypts = ({ 'security.protocol': protocol }: Named): boolean =>
  protocol === 'ssl' || protocol === 'sasl_ssl';

/** Of two ways to give one thing, one; which would count is not for us to guess. */
const oneOfTwo = (given: IsGiven, one: SettingName, other: SettingName): readonly Problem[] =>
  found(given(one) && given(other), other, `nothing beside ${one}, or the other way round`, 'both');

const fileConflicts = (given: IsGiven): readonly Problem[] => {
  const certificate = given('ssl.certificate.location') || given('ssl.certificate.pem');
  const key = given('ssl.key.location') || given('ssl.key.pem');
  const keystore = given('ssl.keystore.location');
  return [
    ...oneOfTwo(given, 'ssl.ca.location', 'ssl.ca.pem'),
    ...oneOfTwo(given, 'ssl.certificate.location', 'ssl.certificate.pem'),
    ...oneOfTwo(given, 'ssl.key.location', 'ssl.key.pem'),
    ...together(certificate, !key, 'ssl.key.location', 'the private key of the certificate (or ssl.key.pem)'),
    ...together(key, !certificate, 'ssl.certificate.location', 'the certificate of the key (or ssl.certificate.pem)'),
    ...together(keystore, !given('ssl.keystore.password'), 'ssl.keystore.password', 'the password of the keystore'),
    ...found(
      keystore && (certificate || key),
      'ssl.keystore.location',
      'nothing beside a certificate or key of its own (ssl.certificate.*, ssl.key.*), or the other way round',
      'both',
    ),
  ];
};

/** Refuses what cannot give the encryption that is asked for. Nothing weaker is ever done instead. */
export const tlsConflicts: Rule = (named, given) => (encrypts(named) ? fileConflicts(given) : []);

const unusedTls = unusedBy(TLS_NAMES, 'ssl or sasl_ssl', 'messages are sent in the clear');

/** Speaks of settings that secure nothing: a user must not believe in what is not there. */
export const tlsSurprises: Rule = (named, given) =>
  encrypts(named)
    ? [
        ...found(
          !named['enable.ssl.certificate.verification'],
          'enable.ssl.certificate.verification',
          'true: without it anyone between can pose as the broker, read and change everything',
          'false',
        ),
        ...found(
          given('ssl.key.password') && !given('ssl.key.location') && !given('ssl.key.pem'),
          'ssl.key.password',
          'ssl.key.location or ssl.key.pem beside it',
          'a setting without effect',
        ),
        ...found(
          given('ssl.keystore.password') && !given('ssl.keystore.location'),
          'ssl.keystore.password',
          'ssl.keystore.location beside it',
          'a setting without effect',
        ),
      ]
    : unusedTls(named, given);
