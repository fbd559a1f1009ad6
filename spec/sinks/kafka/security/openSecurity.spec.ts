import { NO_OPTIONS } from '../../../../src/model';
import { kafka } from '../../../../src/sinks/kafka';
import { testEnv } from '../../../../src/testing/builders';

describe('opening a Kafka sink', () => {
  const open = async (settings: object) => {
    const checked = kafka({ 'bootstrap.servers': '127.0.0.1:1', ...settings }, 'settings');
    if (checked._tag === 'Left') throw new Error(JSON.stringify(checked.left));
    return checked.right.open(testEnv({ name: 'events' }), NO_OPTIONS)();
  };

  it('fails where a file of its settings is no good', async () => {
    expect(await open({ 'security.protocol': 'ssl', 'ssl.ca.location': '/none/ca.pem' })).toEqual({
      _tag: 'Left',
      left: { sink: 'events', message: 'ssl.ca.location "/none/ca.pem" does not exist; correct the path' },
    });
  });

  it('needs no broker and no token', async () => {
    const sasl = {
      'sasl.mechanisms': 'OAUTHBEARER',
      'sasl.oauthbearer.method': 'oidc',
      'sasl.oauthbearer.token.endpoint.url': 'http://127.0.0.1:1/token',
      'sasl.oauthbearer.client.id': 'id',
      'sasl.oauthbearer.client.secret': 'secret',
    };
    const opened = await open({ 'security.protocol': 'sasl_ssl', ...sasl });
    if (opened._tag === 'Left') throw new Error(opened.left.message);
    await opened.right.close();
  });
});
