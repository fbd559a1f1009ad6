import { createTokens, type OAuthSettings, type Tokens } from '../../../../src/sinks/kafka/security/tokens';
import { memoryLog } from '../../../../src/testing/builders';
import { freePorts } from '../../../support/kafka';
import {
  CLIENT,
  signedToken,
  startTokenEndpoint,
  tokenAnswer,
  type TokenEndpoint,
} from '../../../support/tokenEndpoint';

describe('createTokens', () => {
  let endpoint: TokenEndpoint;
  let now: number;
  let log: ReturnType<typeof memoryLog>;
  let tokens: Tokens;

  const create = (settings: Partial<OAuthSettings> = {}, timeoutMs = 5000): Tokens =>
    createTokens(
      {
        mechanism: 'OAUTHBEARER',
        tokenEndpoint: endpoint.url,
        ...CLIENT,
        scope: undefined,
        extensions: {},
        ...settings,
      },
      { now: () => now, log, timeoutMs },
    );
  const tokenOf = async (from = tokens): Promise<string> => {
    const got = await from.get();
    if (got._tag === 'Left') throw new Error(got.left);
    return got.right;
  };
  const faultOf = async (from = tokens): Promise<string> => {
    const got = await from.get();
    if (got._tag === 'Right') throw new Error('there is a token');
    return got.left.replace(/127\.0\.0\.1:\d+/, 'HOST');
  };

  beforeEach(async () => {
    endpoint = await startTokenEndpoint();
    now = 1_700_000_000_000;
    log = memoryLog();
    tokens = create();
  });
  afterEach(async () => {
    tokens.close();
    await endpoint.close();
  });

  it('asks as RFC 6749, 4.4 says', async () => {
    await tokenOf(create({ scope: 'a b' }));
    await tokenOf();
    const authorization = `Basic ${Buffer.from(`${CLIENT.clientId}:${CLIENT.clientSecret}`).toString('base64')}`;
    expect(endpoint.requests).toEqual([
      { authorization, body: 'grant_type=client_credentials&scope=a+b' },
      { authorization, body: 'grant_type=client_credentials' },
    ]);
  });

  it('asks once for all who wait', async () => {
    const got = await Promise.all([tokenOf(), tokenOf(), tokenOf()]);
    expect(new Set(got).size).toBe(1);
    expect(endpoint.requests).toHaveLength(1);
  });

  it('asks anew from 80 % of the lifetime on', async () => {
    endpoint.answer = () => tokenAnswer(100);
    const first = await tokenOf();
    now += 79_999;
    expect(await tokenOf()).toBe(first);
    now += 1;
    expect(await tokenOf()).not.toBe(first);
    expect(endpoint.requests).toHaveLength(2);
  });

  it('uses the old token until it expires while the endpoint gives none, with a warning', async () => {
    endpoint.answer = () => tokenAnswer(100);
    const first = await tokenOf();
    endpoint.answer = () => ({ status: 503, body: '' });
    now += 99_999;
    expect(await tokenOf()).toBe(first);
    expect(log.lines).toMatchObject([{ level: 'warn', fields: { cause: expect.stringContaining('503') as unknown } }]);
    now += 1;
    expect(await faultOf()).toContain('answers 503; it is asked again');
  });

  it('asks anew when the token is not wanted', async () => {
    const first = await tokenOf();
    tokens.forget();
    expect(await tokenOf()).not.toBe(first);
  });

  it('takes the lifetime from the token where the answer has none, whatever clock this host has', async () => {
    endpoint.answer = () => ({ status: 200, body: JSON.stringify({ access_token: signedToken(100) }) });
    const first = await tokenOf();
    now += 79_000;
    expect(await tokenOf()).toBe(first);
    now += 2000;
    expect(await tokenOf()).not.toBe(first);
  });

  it('does not keep a token of which nobody says how long it is good', async () => {
    endpoint.answer = () => ({ status: 200, body: '{"access_token":"opaque"}' });
    expect([await tokenOf(), await tokenOf()]).toEqual(['opaque', 'opaque']);
    expect(endpoint.requests).toHaveLength(2);
  });

  it.each([
    [401, '{"error":"invalid_client"}', 'answers 401 (invalid_client); check sasl.oauthbearer.client.id and'],
    [400, '{"error":"invalid_scope"}', 'answers 400 (invalid_scope); correct sasl.oauthbearer.scope'],
    [400, '{"error":"unauthorized_client"}', 'allow the client the grant type client_credentials there'],
    [404, '<html>', 'answers 404; check sasl.oauthbearer.token.endpoint.url'],
    [302, '', 'answers 302; set sasl.oauthbearer.token.endpoint.url to where it leads'],
    [429, '', 'answers 429; it is asked again'],
    [200, '<html>', 'answers without an access_token; check that it is a token endpoint'],
    [200, `{"access_token":"${'x'.repeat(1_000_000)}"}`, 'answers with more than 1 MB; check that it is a token'],
    [400, `{"error":"invalid_scope${' '.repeat(1_000_000)}"}`, 'answers 400; check sasl.oauthbearer.client.id and'],
    [200, '{"access_token":7}', 'answers without an access_token'],
    [200, '{"access_token":"a b"}', 'answers with an access_token that is none'],
  ])('says what to do about %d %.40s', async (status, body, expected) => {
    endpoint.answer = () => ({ status, body });
    const said = await faultOf();
    expect(said).toContain(expected);
    expect(said).toMatch(/^the token endpoint http:\/\/HOST\/token /);
  });

  it('leaves out secrets that the endpoint repeats, and the query of its address', async () => {
    const secret = 'not the right secret';
    const said = await faultOf(create({ clientSecret: secret, tokenEndpoint: `${endpoint.url}?key=${secret}` }));
    expect(said).toContain('not "kahets-client:***"');
    expect(said).not.toContain('right secret');
  });

  it('says that nobody listens', async () => {
    const [port = 0] = await freePorts(1);
    const said = await faultOf(create({ tokenEndpoint: `http://127.0.0.1:${port}/t?key=secret` }));
    expect(said).toMatch(/^the token endpoint http:\/\/HOST\/t gives no answer: .*ECONNREFUSED/);
    expect(said).not.toContain('secret');
  });

  it('does not wait for ever, and not after it is closed', async () => {
    endpoint.answer = () => undefined;
    expect(await faultOf(create({}, 50))).toContain('gives no answer: not in time');
    const closing = create();
    const waiting = faultOf(closing);
    closing.close();
    expect(await waiting).toContain('gives no answer: closed');
  });
});
