/** What is decoded and what the schema takes. */
import Ajv from 'ajv';
import * as E from 'fp-ts/Either';
import * as fc from 'fast-check';
import { DefaultBucket, Id, KEYS, Stream } from '../../src/config/bucketsCodecs';
import { bucketsSchema } from '../../src/config/schema';
import { configure } from '../../src/control/configure';
import type { JsonSchema } from '../../src/model';
import { sinks } from '../../src/sinks';
import { BooleanFrom, durationIn, integerIn, NonEmptyString, numberIn, oneOf, sizeIn } from '../../src/sinks/codecs';
import * as kafkaCodecs from '../../src/sinks/kafka/settings/codecs';
import { SETTINGS } from '../../src/sinks/kafka/settings/table';

const ajv = new Ajv({ strict: false });
const takes = ajv.compile(bucketsSchema(sinks));

type Json = Readonly<Record<string, unknown>>;

const PEM = '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n';
/** Whatever some key takes, and more that none does. */
const POOL: readonly unknown[] = [
  ...[0, 1, 2, 5, 7, 0.5, 0.01, -1, -2, 1000, 2000.5, 1_000_000, 1e10, -0],
  ...['0', '1', ' 2 ', '0.5', '.5', '5.', '1e2', '-1', '1000', '1e999', '0x10', ''],
  ...['10MB', '1.5 gb', '64KiB', '1b', '10 potatoes', '30s', '1.5 M', '2H', '500ms', '5 days'],
  ...[true, false, 'TRUE', 'f', 'yes', 'All', 'ordered', ' Ordered ', 'block', 'DROP', 'journal', 'null', 'empty'],
  ...[
    'snappy',
    'Murmur2_Random',
    'sasl_ssl',
    'ssl',
    'PLAIN',
    'scram-sha-256',
    'none',
    'https',
    'oidc',
    'client_credentials',
  ],
  ...['k1', 'k1:9092, [::1]:9093,', 'plaintext://k1', 'k1:0', ',', 'broker,topic', 'https://host/token', 'a=b,c=d'],
  ...['interval', '{bucket}{PS}{ts}', '/tmp/x', 'kafka', 'file', 'blackhole', PEM, 'é'.repeat(128), 'b'],
  ...['${ONE}', '${WORD}', '${NONE}', '$${', '${'],
  ...[null, [], ['s'], ['s', 's'], [1], {}, { afterMs: 1 }, { type: 'blackhole' }],
  ...[{ type: 'file', settings: { path: '/tmp/y' } }, { path: '/tmp/z' }, { 'bootstrap.servers': 'k1' }],
];

const environment = { ONE: '1', WORD: 'all' };

/** Without an error, and without a word on what means nothing: another key, or a name of a setting that has two. */
const decoderTakes = (document: Json): boolean => {
  const text = JSON.stringify(document);
  const configured = configure({ environment, envFile: {}, kinds: sinks, read: () => E.right(text) });
  const meansNothing = /^(a key without effect|the same setting as .*)$/;
  return E.isRight(configured) && configured.right.warnings.every(({ got }) => !meansNothing.test(got));
};
const schemaTakes = (document: Json): boolean => takes(JSON.parse(JSON.stringify(document)));

/** The parts of a document that is right. */
interface Parts {
  readonly stream: Json;
  readonly kafka: Json;
  readonly file: Json;
  readonly backup: Json;
  readonly failover: Json;
  readonly deadLetter: Json;
  readonly bucket: Json;
  readonly defaultBucket: Json;
}
type Part = keyof Parts;

const NOTHING: Parts = {
  ...{ stream: {}, kafka: {}, file: {}, backup: {}, failover: {}, deadLetter: {}, bucket: {}, defaultBucket: {} },
};

const documentOf = ({ stream, kafka, file, backup, failover, deadLetter, bucket, defaultBucket }: Parts): Json => ({
  streamsConfigs: {
    s: {
      type: 'kafka',
      settings: { ...('metadata.broker.list' in kafka ? {} : { 'bootstrap.servers': 'k1' }), ...kafka },
      backup: { type: 'file', settings: { path: '/tmp/a', ...file }, ...backup },
      failover,
      deadLetter: { type: 'blackhole', ...deadLetter },
      ...stream,
    },
  },
  buckets: [{ id: 'b', streams: ['s'], ...bucket }],
  defaultBucket: { streams: ['s'], ...defaultBucket },
});

const KEYS_OF: Readonly<Record<Part, readonly string[]>> = {
  stream: KEYS.stream,
  kafka: Object.entries(SETTINGS as Readonly<Record<string, { readonly also?: readonly string[] }>>).flatMap(
    ([name, { also = [] }]) => [name, ...also],
  ),
  file: Object.keys((sinks['file']?.schema as JsonSchema).properties ?? {}),
  backup: KEYS.backup,
  failover: KEYS.failover,
  deadLetter: KEYS.deadLetter,
  bucket: KEYS.bucket,
  defaultBucket: KEYS.bucket,
};
const PLACES = Object.entries(KEYS_OF).flatMap(([part, keys]) => keys.map((key) => [part as Part, key] as const));

const withValue = (parts: Parts, [part, key]: readonly [Part, string], value: unknown): Parts => ({
  ...parts,
  [part]: { ...parts[part], [key]: value },
});

describe('the schema takes what the decoder takes', () => {
  it('in documents that are right as they stand', () => {
    const document = documentOf(NOTHING);
    expect([decoderTakes(document), schemaTakes(document)]).toEqual([true, true]);
  });

  it.each(PLACES)('for every value of %s.%s', (part, key) => {
    const documents = POOL.map((value) => documentOf(withValue(NOTHING, [part, key], value)));
    for (const document of documents.filter((one) => !schemaTakes(one)))
      expect([document, decoderTakes(document)]).toEqual([document, false]);
    // To take nothing would be no art.
    expect(documents.filter(schemaTakes).some(decoderTakes)).toBe(true);
  });

  it('for values of several keys beside each other', () => {
    // Mostly what is right by itself: else some value would be wrong nearly always.
    const value = fc.constantFrom(...PLACES).chain((place) =>
      fc.tuple(
        fc.constant(place),
        fc.oneof(
          {
            weight: 9,
            arbitrary: fc.constantFrom(
              ...POOL.filter((one) => schemaTakes(documentOf(withValue(NOTHING, place, one)))),
            ),
          },
          { weight: 1, arbitrary: fc.constantFrom(...POOL) },
        ),
      ),
    );
    let taken = 0;
    fc.assert(
      fc.property(fc.array(value, { minLength: 2, maxLength: 4 }), (values) => {
        const document = documentOf(values.reduce((parts, [place, one]) => withValue(parts, place, one), NOTHING));
        if (!decoderTakes(document)) return;
        taken += 1;
        expect(schemaTakes(document)).toBe(true);
      }),
      { numRuns: 500 },
    );
    expect(taken).toBeGreaterThan(50);
  });
});

const SCALARS = {
  ...{ number: numberIn(-1, 1), integer: integerIn(1, 1000), open: integerIn(0), size: sizeIn(10, 1e6) },
  ...{
    duration: durationIn(1, 1e6),
    boolean: BooleanFrom,
    words: oneOf(['one', 'two-3', 'A_b']),
    text: NonEmptyString,
  },
  ...{ id: Id, ...kafkaCodecs },
};

describe('a codec and its schema', () => {
  const value = fc.oneof(
    ...[
      fc.constantFrom(...POOL),
      fc.integer(),
      fc.double(),
      fc.integer({ min: -2, max: 1002 }),
      fc.boolean(),
      fc.string(),
    ],
    fc.stringMatching(/^ ?[-+]?\d{0,3}\.?\d{0,3}(e-?\d)? ?([kKmMgG]?i?[bB]?|[mM]?[sS]|[hH])? ?$/),
    fc.stringMatching(/^ ?([oO]ne|TWO-3|a_B|TRUE|f|0|ALL|-1) ?$/),
    fc.stringMatching(/^( ?([a-z_]+:\/\/)?(\[[0-9a-f:]+\]|[\w.-]+)(:\d{1,5})? ?,?){1,3}$/),
    fc.webUrl(),
  );

  it.each(Object.entries(SCALARS))('agree on %s', (_, codec) => {
    const takesValue = ajv.compile(codec.schema);
    fc.assert(
      fc.property(value, (input) => {
        const [decoded, taken] = [codec.decode(input)._tag === 'Right', takesValue(input)];
        if (decoded) expect(taken).toBe(true);
        // Of a text only its form is known: what it amounts to, how many bytes it has, what else it must be is the decoder's
        // to say. A whole number that JSON cannot hold exactly is another matter that no schema can tell.
        if (taken && typeof input !== 'string' && !(typeof input === 'number' && Math.abs(input) > 2 ** 53))
          expect(decoded).toBe(true);
      }),
      { numRuns: 400 },
    );
  });

  it('agree on sections, whose keys are spelled as the reference spells them', () => {
    const takesStream = ajv.compile(Stream.schema);
    expect([takesStream({ type: 'x' }), takesStream({ Type: 'x' })]).toEqual([true, false]);
    expect(E.isRight(Stream.decode({ Type: 'x' }))).toBe(true);
    const takesBucket = ajv.compile(DefaultBucket.schema);
    expect([takesBucket({ streams: [] }), takesBucket({})]).toEqual([true, false]);
  });
});
