import * as E from 'fp-ts/Either';
import { firstMessage, oauthProvider } from '../../../../src/sinks/kafka/security/oauthProvider';
import { createSasl } from '../../../../src/sinks/kafka/security/sasl';
import { memoryLog } from '../../../../src/testing/builders';

describe('createSasl', () => {
  it('gives every connection an object of its own, since kafkajs writes into it', () => {
    const settings = { mechanism: 'PLAIN', username: 'user', password: 'secret' } as const;
    const { kafkajs, mechanism } = createSasl(settings, { now: () => 0, log: memoryLog(), timeoutMs: 1000 });
    expect(mechanism).toBe('PLAIN');
    expect(kafkajs()).toEqual(settings);
    expect(kafkajs()).not.toBe(kafkajs());
  });
});

describe('firstMessage', () => {
  it('is RFC 7628, 3.1, with extensions (KIP-342)', () => {
    expect(firstMessage('token', {})).toBe('n,,\x01auth=Bearer token\x01\x01');
    expect(firstMessage('token', { a: '1', b: '2' })).toBe('n,,\x01auth=Bearer token\x01a=1\x01b=2\x01\x01');
  });
});

describe('oauthProvider', () => {
  const bytesOf = (text: string): Buffer => {
    const bytes = Buffer.alloc(4 + text.length, text, 'latin1');
    bytes.writeInt32BE(text.length);
    bytes.write(text, 4);
    return bytes;
  };
  /** A broker that says `answers` one after the other; those that are errors are thrown. */
  const authenticate = async (
    answers: readonly (string | Error)[],
    token: E.Either<string, string> = E.right('token'),
  ) => {
    const said: string[] = [];
    let forgotten = 0;
    const tokens = { get: () => Promise.resolve(token), forget: () => (forgotten += 1) };
    const rest = [...answers];
    const provider = oauthProvider(
      tokens,
      {},
    )({
      saslAuthenticate: async ({ request, response }) => {
        said.push((await request.encode()).toString('latin1', 4));
        const answer = rest.shift() ?? '';
        if (typeof answer !== 'string') throw answer;
        return response.parse(await response.decode(bytesOf(answer)));
      },
    });
    const error = await provider.authenticate().then(
      () => undefined,
      (reason: unknown) => String(reason),
    );
    return { said, forgotten, error };
  };

  it('is done when the broker has nothing to say', async () => {
    expect(await authenticate([''])).toEqual({ said: [firstMessage('token', {})], forgotten: 0, error: undefined });
  });

  it('agrees to a refusal, fails with the broker’s error and forgets the token', async () => {
    const refused = await authenticate(['{"status":"invalid_token"}', new Error('invalid_token')]);
    expect(refused).toEqual({ said: [firstMessage('token', {}), '\x01'], forgotten: 1, error: 'Error: invalid_token' });
  });

  it('fails also when the broker leaves it at the refusal', async () => {
    const refused = await authenticate(['{"status":"invalid_token"}', '']);
    expect(refused).toMatchObject({ forgotten: 1, error: 'Error: SASL OAUTHBEARER authentication failed' });
  });

  it('says nothing without a token', async () => {
    expect(await authenticate([], E.left('no token'))).toMatchObject({ said: [], error: 'Error: no token' });
  });
});
