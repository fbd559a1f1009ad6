import { placeOf } from '../../../src/control/status/places';

const hide = (text: string): string => text.replaceAll('hunter2', '***');

describe('placeOf', () => {
  it.each<[string, unknown, string | undefined]>([
    ['kafka', { 'bootstrap.servers': 'k1:9092,k2:9092', 'sasl.password': 'hunter2' }, 'k1:9092,k2:9092'],
    ['kafka', { 'metadata.broker.list': 'k1:9092' }, 'k1:9092'],
    ['kafka', { 'bootstrap.servers': 'SASL_SSL://me:hunter2@k1:9092,x://me:a/b@k2:9092' }, '…@k2:9092'],
    ['file', { path: '/var/lib/hunter2' }, '/var/lib/***'],
    ['file', { path: '/var/lib/a@b' }, '/var/lib/a@b'],
    ['custom', { password: 'hunter2', url: 'http://a' }, undefined],
    ['blackhole', {}, undefined],
    ['blackhole', undefined, undefined],
    ['file', { path: 7 }, undefined],
  ])('%s %j → %j', (type, settings, to) => expect(placeOf({ type, settings }, hide)).toEqual({ type, to }));

  it('is not longer than a line', () =>
    expect(placeOf({ type: 'file', settings: { path: 'x'.repeat(1000) } }, hide).to).toHaveLength(200));
});
