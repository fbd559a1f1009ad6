import * as E from 'fp-ts/Either';

/** A token, and for how long it is valid from its arrival on; undefined: nobody says. */
export interface Token {
  readonly value: string;
  readonly lifetimeMs: number | undefined;
}

/** An endpoint's explanation is quoted up to this length. */
const QUOTED = 200;

const fieldsOf = (text: string): Readonly<Record<string, unknown>> | undefined => {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
};

/** `exp` of a JWT, from `iat` on where it has that: then the clock of this host does not matter. */
const lifetimeOfJwt = (token: string, nowMs: number): number | undefined => {
  const claims = fieldsOf(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
  const { exp, iat } = claims ?? {};
  if (typeof exp !== 'number') return undefined;
  return exp * 1000 - (typeof iat === 'number' ? iat * 1000 : nowMs);
};

/** The token of a successful answer (RFC 6749, 5.1); undefined: it was too long to be one. */
export const readToken = (text: string | undefined, nowMs: number): E.Either<string, Token> => {
  if (text === undefined) return E.left('answers with more than 1 MB; check that it is a token endpoint');
  const { access_token: value, expires_in: seconds } = fieldsOf(text) ?? {};
  if (typeof value !== 'string') return E.left('answers without an access_token; check that it is a token endpoint');
  // Other characters would end the token within the message that carries it.
  if (!/^[!-~]+$/.test(value)) return E.left('answers with an access_token that is none (RFC 6750, 2.1)');
  const lifetime = Number(seconds ?? Number.NaN);
  return E.right({ value, lifetimeMs: lifetime > 0 ? lifetime * 1000 : lifetimeOfJwt(value, nowMs) });
};

/** What a refusal says (RFC 6749, 5.2); `secrets` that it repeats are left out. */
export const readRefusal = (status: number, text: string, secrets: readonly string[]): string => {
  const { error, error_description: description } = fieldsOf(text) ?? {};
  const said = [error, description].filter((part) => typeof part === 'string').join(': ');
  const quoted = secrets.reduce((words, secret) => words.replaceAll(secret, '***'), said).slice(0, QUOTED);
  return `answers ${status}${quoted === '' ? '' : ` (${quoted})`}; ${advice(status, error)}`;
};

const advice = (status: number, error: unknown): string => {
  if (error === 'invalid_scope') return 'correct sasl.oauthbearer.scope';
  if (error === 'unauthorized_client' || error === 'unsupported_grant_type')
    return 'allow the client the grant type client_credentials there';
  if (status === 400 || status === 401 || status === 403)
    return 'check sasl.oauthbearer.client.id and sasl.oauthbearer.client.secret';
  if (status >= 300 && status < 400) return 'set sasl.oauthbearer.token.endpoint.url to where it leads';
  if (status >= 500 || status === 429) return 'it is asked again';
  return 'check sasl.oauthbearer.token.endpoint.url';
};
