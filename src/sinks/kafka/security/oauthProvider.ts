import * as E from 'fp-ts/Either';
import type { Tokens } from './tokens';

/** kafkajs's way of adding a mechanism. */
export type AuthenticationProvider = (connection: {
  readonly saslAuthenticate: <A>(exchange: {
    readonly request: { readonly encode: () => Promise<Buffer> };
    readonly response: { readonly decode: (bytes: Buffer) => Promise<A>; readonly parse: (decoded: A) => Promise<A> };
  }) => Promise<A>;
}) => { readonly authenticate: () => Promise<void> };

/** As long as the length that stands before bytes on the wire. */
const LENGTH_BYTES = 4;

/** What the broker says, without its length. */
const response = {
  decode: (bytes: Buffer): Promise<Buffer> => Promise.resolve(bytes.subarray(LENGTH_BYTES)),
  parse: (bytes: Buffer): Promise<Buffer> => Promise.resolve(bytes),
};

const requestOf = (message: string): { readonly encode: () => Promise<Buffer> } => {
  const bytes = Buffer.alloc(LENGTH_BYTES + Buffer.byteLength(message));
  bytes.writeInt32BE(bytes.length - LENGTH_BYTES);
  bytes.write(message, LENGTH_BYTES);
  return { encode: () => Promise.resolve(bytes) };
};

/** The client's first message (RFC 7628, 3.1), with extensions (KIP-342). */
export const firstMessage = (token: string, extensions: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries({ auth: `Bearer ${token}`, ...extensions });
  return `n,,\x01${pairs.map(([name, value]) => `${name}=${value}\x01`).join('')}\x01`;
};

/** What the client answers to a refusal, upon which the broker ends the exchange (RFC 7628, 3.2.3). */
const AGREED = '\x01';

/**
 * OAUTHBEARER. kafkajs's own does not look at the broker's answer, and so takes a refused token for an accepted one: the first
 * request after it is then an error.
 */
export const oauthProvider =
  (tokens: Pick<Tokens, 'get' | 'forget'>, extensions: Readonly<Record<string, string>>): AuthenticationProvider =>
  ({ saslAuthenticate }) => ({
    async authenticate() {
      const token = await tokens.get();
      if (E.isLeft(token)) throw new Error(token.left);
      try {
        const refusal = await saslAuthenticate({ request: requestOf(firstMessage(token.right, extensions)), response });
        if (refusal.length === 0) return;
        await saslAuthenticate({ request: requestOf(AGREED), response });
        throw new Error('SASL OAUTHBEARER authentication failed');
      } catch (error) {
        tokens.forget();
        throw error;
      }
    },
  });
