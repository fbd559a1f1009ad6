import * as E from 'fp-ts/Either';
import type * as t from 'io-ts';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { LIBRDKAFKA_NAMES, readNames } from '../../../../src/sinks/kafka/settings/names';
import { REFUSED } from '../../../../src/sinks/kafka/settings/refused';
import { Named, SECTIONS, SETTINGS } from '../../../../src/sinks/kafka/settings/table';
import { WITHOUT_EFFECT } from '../../../../src/sinks/kafka/settings/withoutEffect';

/** librdkafka's own list: [name, range, default]. */
const REFERENCE = readFileSync(join(__dirname, '../../../vectors/librdkafka.tsv'), 'utf8')
  .split('\n')
  .filter((line) => line !== '' && !line.startsWith('#'))
  .map((line): readonly [string, string, string] => {
    const [name = '', range = '', fallback = ''] = line.split('\t');
    return [name, range, fallback];
  });

const referenceOf = (name: string): readonly [string, string, string] =>
  REFERENCE.find(([other]) => other === name) ?? ['', '', ''];

const SETTING_NAMES = Object.keys(SETTINGS) as (keyof typeof SETTINGS)[];
const decodeOne = (name: keyof typeof SETTINGS, value: unknown): E.Either<unknown, unknown> => {
  const codec: t.Mixed = Named.props[name];
  return codec.decode(value);
};
const takes = (name: keyof typeof SETTINGS, value: unknown): boolean => E.isRight(decodeOne(name, value));

/** Where we differ from librdkafka on purpose, as the reference page says. */
const OTHER_RANGE = ['acks', 'sasl.oauthbearer.grant.type', 'sasl.oauthbearer.metadata.authentication.type'];
const OTHER_DEFAULT = [
  'acks',
  'allow.auto.create.topics',
  'enable.idempotence',
  'message.timeout.ms',
  'queue.buffering.max.messages',
  'queue.buffering.max.kbytes',
  'sasl.mechanisms',
  'sticky.partitioning.linger.ms',
];

describe('the names of settings', () => {
  it("are librdkafka's, each once", () => expect(LIBRDKAFKA_NAMES).toEqual(REFERENCE.map(([name]) => name).sort()));

  it('are told of on the page, all that have an effect', () =>
    expect(SECTIONS.flatMap(({ settings }) => Object.keys(settings)).sort()).toEqual([...SETTING_NAMES].sort()));

  it.each(SETTING_NAMES.filter((name) => referenceOf(name)[1] !== '' && !OTHER_RANGE.includes(name)))(
    "%s has librdkafka's range",
    (name) => {
      const [, range] = referenceOf(name);
      const [, min, max] = /^(-?\d+) \.\. (\d+)$/.exec(range) ?? [];
      if (min === undefined || max === undefined) {
        for (const word of range.split(', ')) expect([word, takes(name, word)]).toEqual([word, true]);
        return;
      }
      expect([Number(min), Number(max), min, max].map((value) => takes(name, value))).toEqual([true, true, true, true]);
      expect([Number(min) - 1, Number(max) + 1].map((value) => takes(name, value))).toEqual([false, false]);
    },
  );

  it.each(SETTING_NAMES.filter((name) => referenceOf(name)[2] !== '' && !OTHER_DEFAULT.includes(name)))(
    "%s has librdkafka's default",
    (name) => {
      const [, , fallback] = referenceOf(name);
      const decoded = decodeOne(name, undefined);
      expect(decoded).toEqual(E.right(expect.anything()));
      expect(E.isRight(decoded) && String(decoded.right)).toBe(fallback);
    },
  );
});

describe('readNames', () => {
  const read = (raw: object) => readNames(raw, 's');

  it.each(WITHOUT_EFFECT.map(({ names, why }) => [why, names] as const))('has no effect, since %s', (why, names) => {
    for (const name of names)
      expect(read({ [name]: 'x' })).toMatchObject({
        values: {},
        problems: [],
        warnings: [
          { path: `s.${name}`, expected: `nothing, since ${why}`, got: 'a setting of librdkafka without effect here' },
        ],
      });
  });

  it.each(REFUSED.map(({ names, why }) => [why, names] as const))('refuses, since %s', (why, names) => {
    for (const name of names)
      expect(read({ [name]: 'x' })).toMatchObject({
        values: {},
        problems: [{ path: `s.${name}`, expected: `nothing, since ${why}`, got: '"x"' }],
        warnings: [],
      });
  });

  it('takes every other name, and topic settings with the prefix of the Go client', () =>
    expect(read({ 'request.required.acks': 1, '{topic}.partitioner': 'random', 'compression.type': 'gzip' })).toEqual({
      values: { acks: 1, partitioner: 'random', 'compression.codec': 'gzip' },
      spelling: new Map([
        ['acks', 'request.required.acks'],
        ['partitioner', '{topic}.partitioner'],
        ['compression.codec', 'compression.type'],
      ]),
      problems: [],
      warnings: [],
    }));

  it.each([
    ['bootstrap.server', ' (did you mean bootstrap.servers?)'],
    ['sasl.mecanism', ' (did you mean sasl.mechanism?)'],
    ['ssl.ca.locations', ' (did you mean ssl.ca.location?)'],
    ['group.ids', ' (did you mean group.id?)'],
    ['wait.for.the.moon', ''],
    ['__proto__', ''],
    ['toString', ''],
  ])('does not know %s%s', (name, hint) =>
    expect(read(Object.fromEntries([[name, 1]]))).toMatchObject({
      problems: [{ path: `s.${name}`, expected: `a setting of librdkafka${hint}`, got: 'an unknown name' }],
    }),
  );

  it('lets the last of several names count', () =>
    expect(read({ retries: 1, 'message.send.max.retries': 2, '{topic}.retries': 3 })).toMatchObject({
      values: { retries: 3 },
      warnings: [
        { path: 's.retries', got: 'the same setting as message.send.max.retries, which counts' },
        { path: 's.message.send.max.retries', got: 'the same setting as {topic}.retries, which counts' },
      ],
    }));
});
