/** The token endpoint of an authorization server (RFC 6749, 4.4), which signs what `startSecureBroker`'s broker takes. */
import { generateKeyPairSync, randomUUID, sign, type JsonWebKey } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';

/** Who may ask for a token. */
export const CLIENT = { clientId: 'kahets-client', clientSecret: 'the secret of the client' } as const;

/** Whom a token is for. */
export const AUDIENCE = 'kafka';

const KEY_ID = 'spec';
const keys = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** What the broker needs to check a token (RFC 7517). */
export const publicKeys = (): { readonly keys: readonly JsonWebKey[] } => ({
  keys: [{ ...keys.publicKey.export({ format: 'jwk' }), kid: KEY_ID, alg: 'RS256', use: 'sig' }],
});

const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token that is valid for `seconds`. */
export const signedToken = (seconds: number, audience = AUDIENCE): string => {
  const now = Math.floor(Date.now() / 1000);
  const claims = { sub: 'kahets', aud: audience, iat: now, exp: now + seconds, jti: randomUUID(), scope: 'write' };
  const text = `${encoded({ alg: 'RS256', kid: KEY_ID, typ: 'JWT' })}.${encoded(claims)}`;
  return `${text}.${sign('sha256', Buffer.from(text), keys.privateKey).toString('base64url')}`;
};

/** What was asked of the endpoint. */
export interface TokenRequest {
  readonly authorization: string;
  readonly body: string;
}

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface TokenEndpoint {
  readonly url: string;
  readonly requests: readonly TokenRequest[];
  /** Every token that was handed out. */
  readonly tokens: readonly string[];
  /** What it answers to who shows {@link CLIENT}; default: a token for an hour. Undefined: nothing, ever. Others get a 401. */
  answer: () => Answer | undefined;
  readonly close: () => Promise<void>;
}

/** The answer with a token that is valid for `seconds`. */
export const tokenAnswer = (seconds: number, token = signedToken(seconds)): Answer => ({
  status: 200,
  body: JSON.stringify({ access_token: token, token_type: 'Bearer', expires_in: seconds }),
});

/** An unwise server's: it repeats what it was shown. */
const refusal = (authorization: string): Answer => {
  const shown = Buffer.from(authorization.replace('Basic ', ''), 'base64').toString();
  return { status: 401, body: JSON.stringify({ error: 'invalid_client', error_description: `not "${shown}"` }) };
};

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  let body = '';
  for await (const chunk of request) body += String(chunk);
  return body;
};

export const startTokenEndpoint = async (): Promise<TokenEndpoint> => {
  const requests: TokenRequest[] = [];
  const tokens: string[] = [];
  const expected = `Basic ${Buffer.from(`${CLIENT.clientId}:${CLIENT.clientSecret}`).toString('base64')}`;
  const server = createServer((request, response) => {
    void bodyOf(request).then((body) => {
      const { authorization = '' } = request.headers;
      requests.push({ authorization, body });
      const answer = authorization === expected ? endpoint.answer() : refusal(authorization);
      if (!answer) return;
      const token = /"access_token":"([^"]+)"/.exec(answer.body)?.[1];
      if (token !== undefined) tokens.push(token);
      response.writeHead(answer.status, { 'content-type': 'application/json' }).end(answer.body);
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const endpoint: TokenEndpoint = {
    url: `http://127.0.0.1:${port}/token`,
    requests,
    tokens,
    answer: () => tokenAnswer(3600),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return endpoint;
};
