import { report } from '../../src/config/report';

describe('report', () => {
  it('has no line for no problem', () => expect(report('buckets.json', [])).toEqual([]));

  it('has a line for each problem, in their order', () =>
    expect(
      report('buckets.json', [
        { path: 'streamsConfigs.kafka_01.slice', expected: 'a number from 0 to 1', got: '"2"' },
        { path: '', expected: 'an object', got: 'a list' },
      ]),
    ).toEqual([
      'buckets.json: streamsConfigs.kafka_01.slice: expected a number from 0 to 1, got "2"',
      'buckets.json: expected an object, got a list',
    ]));

  it('lets nothing through that breaks a line or a terminal', () =>
    expect(report('a', [{ path: 'b', expected: 'c', got: 'd\n\u001b[31me' }])).toEqual([
      'a: b: expected c, got d\\n\\u001b[31me',
    ]));
});
