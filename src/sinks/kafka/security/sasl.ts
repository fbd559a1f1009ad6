import * as E from 'fp-ts/Either';
import type { SaslSettings } from '../settings/types';
import { oauthProvider, type AuthenticationProvider } from './oauthProvider';
import { createTokens, type OAuthSettings, type TokensOptions } from './tokens';

/** kafkajs's option `sasl`. */
export type KafkajsSasl =
  | { readonly mechanism: string; readonly username: string; readonly password: string }
  | { readonly mechanism: string; readonly authenticationProvider: AuthenticationProvider };

/** How this sink says who it is. */
export interface Sasl {
  readonly mechanism: string;
  /** Has ready what authenticating takes, so that no broker waits for it. Never rejects. */
  readonly prepare: () => Promise<E.Either<string, unknown>>;
  /** For one connection: kafkajs writes into it. */
  readonly kafkajs: () => KafkajsSasl;
  /** Ends what it asks elsewhere. */
  readonly close: () => void;
}

/** By a token for OAUTHBEARER, else by user and password. */
export const createSasl = (settings: SaslSettings, options: TokensOptions): Sasl =>
  settings.mechanism === 'OAUTHBEARER' ? byToken(settings, options) : byPassword(settings);

const byPassword = ({ mechanism, username, password }: Exclude<SaslSettings, OAuthSettings>): Sasl => ({
  mechanism,
  prepare: () => Promise.resolve(E.right(undefined)),
  kafkajs: () => ({ mechanism, username, password }),
  close: () => undefined,
});

const byToken = (settings: OAuthSettings, options: TokensOptions): Sasl => {
  const { mechanism, extensions } = settings;
  const tokens = createTokens(settings, options);
  return {
    mechanism,
    prepare: () => tokens.get(),
    kafkajs: () => ({ mechanism, authenticationProvider: oauthProvider(tokens, extensions) }),
    close: () => tokens.close(),
  };
};
