import * as E from 'fp-ts/Either';
import { placeOf } from '../../../src/control/status/places';
import { kafka } from '../../../src/sinks/kafka';

const hide = (text: string): string => text.replaceAll('hunter2', '***');

/** What is shown of a Kafka sink with these settings; undefined where they are refused. */
const kafkaWith = (settings: unknown): unknown => {
  const checked = kafka(settings, 'settings');
  return E.isRight(checked) ? placeOf('kafka', checked.right, hide).to : undefined;
};

describe('placeOf', () => {
  it.each([
    ['Kafka at k1:9092, k2:9092', 'Kafka at k1:9092, k2:9092'],
    ['files /var/lib/hunter2/{bucket}', 'files /var/lib/***/{bucket}'],
    ['files /var/lib/a@b', 'files /var/lib/a@b'],
    ['PostgreSQL at postgres://me:a/b@c@db/x and pg://you@db2', 'PostgreSQL at postgres://…@db/x and pg://…@db2'],
    ['x'.repeat(1000), 'x'.repeat(200)],
    [undefined, undefined],
  ])('%j → %j', (where, to) => expect(placeOf('kind', { where }, hide)).toEqual({ type: 'kind', to }));

  it('shows brokers, and nothing else of the settings', () => {
    const settings = {
      ...{ 'metadata.broker.list': 'SASL_PLAINTEXT://k1,k2:9093', 'security.protocol': 'sasl_plaintext' },
      ...{ 'sasl.mechanisms': 'PLAIN', 'sasl.username': 'me', 'sasl.password': 'secret' },
    };
    expect(kafkaWith(settings)).toBe('Kafka at k1:9092, k2:9093');
  });

  it.each([
    'SASL_SSL://me:secret@k1:9092',
    'me:secret@k1:9092',
    'k1:9092,x://me:sec/ret@k2:9092',
    'k1:9092/secret',
    'k1:9092?password=secret',
    'k1:9092 secret',
    'secret:secret',
  ])('has nothing to show of what is no broker, which is refused: %s', (servers) => {
    expect(kafkaWith({ 'bootstrap.servers': 'k1' })).toBe('Kafka at k1:9092');
    expect(kafkaWith({ 'bootstrap.servers': servers })).toBeUndefined();
  });
});
