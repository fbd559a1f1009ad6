import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Ajv from 'ajv';
import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import * as t from 'io-ts';
import { EMPTY, NEVER } from 'rxjs';
import { decodeBuckets } from '../../src/config/buckets';
import { parseJsonc } from '../../src/config/jsonc';
import { bucketsSchema } from '../../src/config/schema';
import type { JsonSchema } from '../../src/model';
import { sinks } from '../../src/sinks';
import { about, decodeWith, durationIn, NonEmptyString, withDefault } from '../../src/sinks/codecs';
import { defineSink } from '../../src/sinks/defineSink';
import { ROOT } from '../support/endToEnd';
import { configurations } from './samples';

const schema = bucketsSchema(sinks);
// Keywords that editors know are none to ajv.
const validate = new Ajv({ strict: false, allErrors: true }).compile(schema);

const faultsOf = (document: unknown): readonly string[] => {
  validate(document);
  return (validate.errors ?? []).map(({ instancePath, message = '' }) => `${instancePath} ${message}`);
};
const takes = (document: unknown): boolean => validate(document);

const documentOf = (stream: unknown, bucket: object = {}): object => ({
  streamsConfigs: { s: stream },
  buckets: [{ id: 'b', streams: ['s'], ...bucket }],
});
const kafka = (settings: object): object =>
  documentOf({ type: 'kafka', settings: { 'bootstrap.servers': 'k1:9092', ...settings } });
const file = (settings: object): object => documentOf({ type: 'file', settings: { path: '/x', ...settings } });

describe('bucketsSchema', () => {
  it('is a schema of draft-07, every keyword of which ajv knows but those for editors', () => {
    const strict = new Ajv({ allowUnionTypes: true });
    for (const keyword of ['allowComments', 'allowTrailingCommas', 'deprecationMessage', 'doNotSuggest'])
      strict.addKeyword(keyword);
    expect(strict.validateSchema(schema)).toBe(true);
    expect(() => strict.compile(schema)).not.toThrow();
  });

  it('has a schema of every kind of sink that is registered', () => {
    for (const [name, kind] of Object.entries(sinks)) expect([name, kind.schema]).toEqual([name, expect.anything()]);
  });

  it('takes every sample', () => {
    expect(configurations.length).toBeGreaterThan(5);
    for (const { place, text } of configurations) {
      const parsed = parseJsonc(text);
      if (E.isLeft(parsed)) throw new Error(`${place}: ${parsed.left.path}`);
      expect([place, faultsOf(parsed.right.value)]).toEqual([place, []]);
    }
  });

  it('is named by our own sample by a path that is there', () => {
    const parsed = parseJsonc(readFileSync(join(ROOT, 'buckets.json'), 'utf8'));
    if (E.isLeft(parsed)) throw new Error('our own sample is no JSON');
    const { $schema } = parsed.right.value as { readonly $schema: string };
    expect(JSON.parse(readFileSync(join(ROOT, $schema), 'utf8'))).toEqual(JSON.parse(JSON.stringify(schema)));
  });

  it.each<readonly [string, unknown]>([
    ['a typing error in a key', { ...documentOf({ type: 'blackhole' }), bukets: [] }],
    ['a typing error in a key of a stream', documentOf({ type: 'blackhole', slise: 1 })],
    ['no streams', { streamsConfigs: {}, buckets: [] }],
    ['a stream without a type', documentOf({ settings: {} })],
    ['a type that is none', documentOf({ type: 'kafak' })],
    ['Kafka without settings', documentOf({ type: 'kafka' })],
    ['Kafka without brokers', documentOf({ type: 'kafka', settings: {} })],
    ['a setting of Kafka for a file', file({ acks: 1 })],
    ['a setting that librdkafka does not know', kafka({ ack: 1 })],
    ['a setting that is refused', kafka({ 'transactional.id': 'x' })],
    ['a number out of range', kafka({ 'compression.level': 13 })],
    ['a word that is none', kafka({ 'compression.codec': 'zip' })],
    ['a size that is none', file({ sizeRotate: '10 potatoes' })],
    ['a backup of no path', documentOf({ type: 'blackhole', backup: { type: 'file', settings: {} } })],
    ['a variable where an object belongs', documentOf({ type: 'blackhole', backup: '${BACKUP}' })],
    ['a variable where nothing is taken', kafka({ 'transactional.id': '${ID}' })],
    ['a variable that is left open', kafka({ 'linger.ms': '${LINGER' })],
    ['a bucket of no streams', { streamsConfigs: { s: { type: 'blackhole' } }, buckets: [{ id: 'b' }] }],
    ['a variable in a bucket', documentOf({ type: 'blackhole' }, { batch: '${BATCH}' })],
  ])('refuses %s', (_, document) => {
    expect(takes(document)).toBe(false);
  });

  it.each<readonly [string, unknown]>([
    ['$schema', { $schema: './buckets.schema.json', ...documentOf({ type: 'blackhole' }) }],
    ['numbers, sizes, times and words as people write them', kafka({ 'linger.ms': '5', acks: 'ALL', log_level: 7 })],
    ['another name of a setting', documentOf({ type: 'kafka', settings: { 'metadata.broker.list': 'k1' } })],
    ['a setting without effect', kafka({ 'group.id': 'x' })],
    ['what the Go client writes', kafka({ '{topic}.acks': 1 })],
    ['variables', kafka({ 'linger.ms': '${LINGER}', acks: '${ACKS}', 'client.id': 'a-${HOST}' })],
    [
      'variables of operators',
      documentOf(
        { type: 'blackhole', operators: ['./${MASK}.js'] },
        { operators: ['${MASK}', { module: '${MASK}', settings: { a: '${A}' } }] },
      ),
    ],
    ['a variable as a type', documentOf({ type: '${KIND}', settings: { whatever: 1 } })],
    ['null for what may be left out', file({ sizeRotate: null, ageRotate: null })],
    ['a sink without settings', documentOf({ type: 'blackhole', settings: null })],
  ])('takes %s', (_, document) => {
    expect(faultsOf(document)).toEqual([]);
  });

  it('tells of every key what it does, what it may be and its default, without links', () => {
    const { fileSettings, kafkaSettings } = schema['definitions'] as Record<string, typeof schema>;
    expect(fileSettings?.properties?.['sizeRotate']).toMatchObject({
      title: 'A size such as 10MB or 1048576, 1 or more',
      description: 'A file that has reached it is written to no more. Default: 100MB.',
      default: '100MB',
    });
    expect(fileSettings?.properties?.['fsync']?.description).toBe(
      'When bytes are synced to the disk. Default: interval.',
    );
    expect(kafkaSettings?.properties?.['acks']?.description).toMatch(
      /^Who must have a batch .*\. Unlike librdkafka: .*\. Default: all\.$/,
    );
    expect(kafkaSettings?.properties?.['compression.type']?.description).toMatch(/^The same as compression\.codec: /);
    expect(kafkaSettings?.properties?.['group.id']).toMatchObject({
      deprecationMessage: 'No effect here, since it is for consumers, and this is a producer.',
    });
  });

  it('knows the sinks of others by their codecs, and takes any object where there is none', () => {
    const sink = { write: () => EMPTY, health$: NEVER, close: () => Promise.resolve() };
    const codec = t.type({ url: about(NonEmptyString, 'where to'), timeout: withDefault(durationIn(1, 9e9), 1000) });
    const own = defineSink({ decode: decodeWith(codec), open: () => TE.right(sink) });
    const untold = defineSink({ decode: () => E.right(1), open: () => TE.right(sink) });
    const takesOwn = new Ajv({ strict: false }).compile(bucketsSchema({ own, untold }));
    const stream = (type: string, settings?: object): boolean => takesOwn(documentOf({ type, settings }));
    expect(stream('own', { url: 'x', timeout: '30s' })).toBe(true);
    expect(stream('own', { url: 'x', timeout: '${TIMEOUT}' })).toBe(true);
    expect(stream('own', { timeout: '30s' })).toBe(false);
    expect(stream('own', { url: 'x', timeout: 'soon' })).toBe(false);
    expect(stream('untold', { whatever: [1] })).toBe(true);
    expect(stream('kafka', {})).toBe(false);
  });
});

describe('every key', () => {
  /** The properties of a schema and of all inside of it, by their paths. */
  const keysIn = (within: JsonSchema, path: string): readonly (readonly [string, JsonSchema])[] => {
    const { properties = {}, additionalProperties, items, anyOf = [] } = within;
    return [
      ...Object.entries(properties).flatMap(([key, property]) => [
        [`${path}/${key}`, property] as const,
        ...keysIn(property, `${path}/${key}`),
      ]),
      ...[items, additionalProperties, ...anyOf].flatMap((inner) =>
        typeof inner === 'object' ? keysIn(inner, path) : [],
      ),
    ];
  };
  const definitions = Object.entries(schema['definitions'] as Readonly<Record<string, JsonSchema>>);
  const keys = [...keysIn(schema, ''), ...definitions.flatMap(([name, settings]) => keysIn(settings, name))];

  it('has a sentence', () => {
    expect(keys.length).toBeGreaterThan(200);
    const told = ({ description, deprecationMessage }: JsonSchema): unknown => description ?? deprecationMessage;
    for (const [key, property] of keys)
      expect([key, told(property)]).toEqual([key, expect.stringMatching(/^[^a-z].*\.$/s)]);
  });
});

describe('$schema in buckets.json', () => {
  it('is no key without effect', () => {
    const withSchema = { $schema: 'x', ...documentOf({ type: 'blackhole' }) };
    expect(decodeBuckets(JSON.stringify(withSchema))).toMatchObject({ problems: [], warnings: [] });
    const { warnings } = decodeBuckets(JSON.stringify({ ...withSchema, $shcema: 1 }));
    expect(warnings).toEqual([
      {
        path: '["$shcema"]',
        expected: 'one of streamsConfigs, buckets, defaultBucket',
        got: 'a key without effect',
      },
    ]);
  });
});
