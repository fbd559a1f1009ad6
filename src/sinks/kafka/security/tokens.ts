import * as E from 'fp-ts/Either';
import type { Log } from '../../../model';
import type { SaslSettings } from '../settings/types';
import { readRefusal, readToken, type Token } from './tokenAnswer';

export type OAuthSettings = Extract<SaslSettings, { mechanism: 'OAUTHBEARER' }>;

export interface TokensOptions {
  /** Milliseconds. */
  readonly now: () => number;
  readonly log: Log;
  /** How long the endpoint may take. */
  readonly timeoutMs: number;
}

/** Tokens of one client, each used for as long as it is good. */
export interface Tokens {
  /**
   * The current token, a new one from 80 % of its lifetime on (as librdkafka). Asks once for all who wait; while the endpoint
   * gives none, the old one serves until it expires. Never rejects.
   */
  get(): Promise<E.Either<string, string>>;
  /** The broker does not want it. */
  forget(): void;
  /** Ends what is asked. */
  close(): void;
}

const REFRESH_AT = 0.8;
/** The longest tokens have some 10 KB. */
const MOST_ANSWER_BYTES = 1_000_000;

interface Kept {
  readonly value: string;
  readonly refreshAtMs: number;
  readonly expiresAtMs: number;
}

/** Tokens by the client credentials grant. Nothing is asked for before the first `get`. */
export const createTokens = (settings: OAuthSettings, { now, log, timeoutMs }: TokensOptions): Tokens => {
  const closing = new AbortController();
  let kept: Kept | undefined;
  let asking: Promise<E.Either<string, string>> | undefined;

  const ask = async (): Promise<E.Either<string, string>> => {
    const asked = await fetchToken(settings, AbortSignal.any([closing.signal, AbortSignal.timeout(timeoutMs)]), now);
    if (E.isRight(asked)) {
      const { value, lifetimeMs = 0 } = asked.right;
      kept = { value, refreshAtMs: now() + lifetimeMs * REFRESH_AT, expiresAtMs: now() + lifetimeMs };
      return E.right(value);
    }
    if (!kept || now() >= kept.expiresAtMs) return asked;
    log.warn('no new token: the old one is used until it expires', { cause: asked.left });
    return E.right(kept.value);
  };

  return {
    get() {
      if (kept && now() < kept.refreshAtMs) return Promise.resolve(E.right(kept.value));
      asking ??= ask().finally(() => (asking = undefined));
      return asking;
    },
    forget: () => (kept = undefined),
    close: () => closing.abort(),
  };
};

/** Client credentials grant (RFC 6749, 4.4). Id and secret go as they are, as librdkafka sends them, not percent-encoded first. */
const fetchToken = async (
  { tokenEndpoint, clientId, clientSecret, scope }: OAuthSettings,
  signal: AbortSignal,
  now: () => number,
): Promise<E.Either<string, Token>> => {
  const { origin, pathname } = new URL(tokenEndpoint);
  // A query may hold a secret.
  const place = `the token endpoint ${origin}${pathname}`;
  const credentials = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const body = new URLSearchParams({ grant_type: 'client_credentials', ...(scope === undefined ? {} : { scope }) });
  try {
    const answer = await fetch(tokenEndpoint, {
      method: 'POST',
      headers: { authorization: `Basic ${credentials}`, accept: 'application/json' },
      body,
      redirect: 'manual',
      signal,
    });
    const text = await textOf(answer);
    const token = answer.ok
      ? readToken(text, now())
      : E.left(readRefusal(answer.status, text ?? '', [clientSecret, credentials]));
    return E.isLeft(token) ? E.left(`${place} ${token.left}`) : token;
  } catch (error) {
    return E.left(`${place} gives no answer: ${whyNot(error)}`);
  }
};

/** What an answer says; undefined: more than anybody needs, which is not read to its end. */
const textOf = async ({ body }: { readonly body: AsyncIterable<Uint8Array> | null }): Promise<string | undefined> => {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body ?? []) {
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES) return undefined;
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
};

/** fetch's own message may repeat the whole address; its cause is the socket's or TLS's error. */
const whyNot = (error: unknown): string => {
  const { name, cause } = error as { readonly name?: unknown; readonly cause?: unknown };
  if (name === 'TimeoutError') return 'not in time';
  if (name === 'AbortError') return 'closed';
  const { code, message } = (cause ?? {}) as { readonly code?: unknown; readonly message?: unknown };
  if (typeof message === 'string' && message !== '') return message;
  return typeof code === 'string' ? code : 'the request fails';
};
