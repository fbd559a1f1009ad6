import * as E from 'fp-ts/Either';
import { report } from '../../../src/config/report';
import { decodeKafkaSettings, type KafkaSettings } from '../../../src/sinks/kafka/settings';
import type { TlsSettings } from '../../../src/sinks/kafka/settings/types';

/** What a user's settings are decoded to; throws what is wrong with them. `bootstrap.servers` is `kafka1` where it is not given. */
export const settingsOf = (raw: Readonly<Record<string, unknown>>, path = 'settings'): KafkaSettings => {
  const decoded = decodeKafkaSettings({ 'bootstrap.servers': 'kafka1', ...raw }, path);
  if (E.isLeft(decoded)) throw new Error(report('buckets.json', decoded.left).join('\n'));
  return decoded.right;
};

/** TLS that the user has said nothing more of. */
export const TLS_DEFAULTS: TlsSettings = {
  ca: undefined,
  certificate: undefined,
  key: undefined,
  keyPassword: undefined,
  keystore: undefined,
  verify: true,
  verifyHostname: true,
};
