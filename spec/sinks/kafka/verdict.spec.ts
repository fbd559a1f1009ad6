import { describeCode, verdictOf } from '../../../src/sinks/kafka/verdict';

/** Of all codes that Produce can answer, and of those that it never should. */
const KINDS: Readonly<Record<string, readonly number[]>> = {
  done: [0, 46],
  'retry, not written': [14, 15, 16, 19, 41, 51, 89],
  'retry, not written, elsewhere': [3, 5, 6, 8, 9, 36, 60, 72, 74, 75, 100, 103, 108],
  'retry, maybe written': [-1, 7, 20, 1, 4, 12, 30, 12345],
  'retry, maybe written, elsewhere': [13, 56, 57, 58],
  topic: [21, 29, 35, 37, 38, 39, 40, 42, 43, 44, 76, 97],
  corrupt: [2],
  too_large: [10, 18],
  invalid: [32, 87],
  identity: [31, 53],
  sequence: [45, 47, 48, 49, 59, 90, 120],
  poison: [17],
};

const kindOf = (code: number): string => {
  const verdict = verdictOf(code);
  if (verdict.kind !== 'retry') return verdict.kind;
  return `retry, ${verdict.written === 'no' ? 'not' : 'maybe'} written${verdict.refresh ? ', elsewhere' : ''}`;
};

describe('verdictOf', () => {
  it.each(Object.entries(KINDS).flatMap(([kind, codes]) => codes.map((code) => [code, kind] as const)))(
    '%d: %s',
    (code, kind) => expect(kindOf(code)).toBe(kind),
  );

  it('passes on what the broker says', () => {
    expect(verdictOf(45, 'gap')).toEqual({ kind: 'sequence', message: 'OUT_OF_ORDER_SEQUENCE_NUMBER (45): gap' });
  });
});

describe('describeCode', () => {
  it.each([
    [6, undefined, 'NOT_LEADER_OR_FOLLOWER (6)'],
    [12345, undefined, 'an error that is not known here (12345)'],
    [
      10,
      'too big',
      'MESSAGE_TOO_LARGE (10): too big; raise max.message.bytes of the topic (message.max.bytes on the brokers), or send smaller messages',
    ],
  ])('%d is %j', (code, said, text) => expect(describeCode(code, said)).toBe(text));

  it.each([
    [3, 'create it'],
    [10, 'max.message.bytes'],
    [19, 'min.insync.replicas'],
    [20, 'min.insync.replicas'],
    [29, 'ACL operations Describe and Write'],
    [31, 'IdempotentWrite'],
    [38, 'default.replication.factor'],
    [76, 'compression.codec'],
    [87, 'compacted topic'],
  ])('of %d says what to change: %s', (code, advice) => expect(describeCode(code)).toContain(advice));
});
