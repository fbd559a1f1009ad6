import * as E from 'fp-ts/Either';
import * as fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeBuckets, type BackupConfig, type Config } from '../../src/config/buckets';
import { report } from '../../src/config/report';
import { backupConfig, bucketConfig } from '../support/builders';

const decode = (document: unknown) => {
  const { problems, ...rest } = decodeBuckets(typeof document === 'string' ? document : JSON.stringify(document));
  return problems.length > 0 ? E.left(problems) : E.right(rest);
};

const configOf = (document: unknown): Config => {
  const decoded = decode(document);
  if (E.isLeft(decoded)) throw new Error(report('buckets.json', decoded.left).join('\n'));
  return decoded.right.config;
};

const warningsOf = (document: unknown): readonly string[] => {
  const decoded = decode(document);
  if (E.isLeft(decoded)) throw new Error(report('buckets.json', decoded.left).join('\n'));
  return report('buckets.json', decoded.right.warnings);
};

const errorsOf = (document: unknown): readonly string[] => {
  const decoded = decode(document);
  return E.isLeft(decoded) ? report('buckets.json', decoded.left) : [];
};

const FAILOVER = { afterMs: 10_000, retryMs: 10_000 };
const file = { type: 'file', settings: { path: '/copy' } };
/** One file stream and one bucket, with `parts` in place of what they name. */
const minimal = (parts: Readonly<Record<string, unknown>> = {}): Readonly<Record<string, unknown>> => ({
  streamsConfigs: { copy: file },
  buckets: [{ id: 'requests', streams: ['copy'] }],
  ...parts,
});
const withStream = (parts: Readonly<Record<string, unknown>>): unknown =>
  minimal({ streamsConfigs: { copy: { ...file, ...parts } } });
const withBucket = (parts: Readonly<Record<string, unknown>>): unknown =>
  minimal({ buckets: [{ id: 'requests', streams: ['copy'], ...parts }] });

describe('decodeBuckets', () => {
  it('takes the sample of kahego as it stands', () => {
    const text = readFileSync(join(__dirname, 'fixtures/seed.buckets.txt'), 'utf8');
    expect(configOf(text)).toEqual({
      streams: [
        {
          id: 'kafka_01',
          type: 'kafka',
          slice: 1,
          emptyKey: 'empty',
          settings: {
            'bootstrap.servers': 'kafka1:29092',
            acks: 'all',
            'compression.codec': 'snappy',
            'batch.num.messages': '50000',
            'queue.buffering.max.messages': '500000',
            'queue.buffering.max.ms': '1000',
          },
          backup: {
            type: 'file',
            replay: false,
            replayRate: 0.25,
            settings: {
              path: '/tmp/',
              maxFiles: '10',
              sizeRotate: '10MB',
              fileNameTemplate: '{bucket}/{ts}.bckstm',
            },
          },
          failover: FAILOVER,
        },
        {
          id: 'file_copy',
          type: 'file',
          slice: 1,
          emptyKey: 'empty',
          settings: {
            path: '/backup/',
            maxFiles: '10',
            sizeRotate: '100MB',
            fileNameTemplate: '{bucket}{PS}{hostname}-{ts}.bckstm',
          },
          failover: FAILOVER,
        },
      ],
      buckets: [bucketConfig('requests', ['kafka_01', 'file_copy'], { batch: 10_000 })],
      defaultBucket: bucketConfig('default', ['kafka_01'], { batch: 1_000 }),
    });
    expect(warningsOf(text)).toEqual([]);
  });

  it('takes the sample of the project without a warning', () => {
    const text = readFileSync('buckets.json', 'utf8');
    expect(configOf(text).streams.map(({ id, type, backup }) => [id, type, backup?.type])).toEqual([
      ['kafka_01', 'kafka', 'file'],
      ['file_copy', 'file', undefined],
    ]);
    expect(warningsOf(text)).toEqual([]);
  });

  it('takes the example of the documentation without a warning', () => {
    const [, text = ''] = /```jsonc\n([^]*?)```/.exec(readFileSync('docs/configuration.md', 'utf8')) ?? [];
    expect(configOf(text).streams.map(({ id, slice }) => [id, slice])).toEqual([
      ['kafka_01', 1],
      ['sample', 0.01],
    ]);
    expect(warningsOf(text)).toEqual([]);
  });

  it('has a default for all that may be left out', () =>
    expect(configOf(minimal({ streamsConfigs: { copy: { type: 'file' } } }))).toEqual({
      streams: [{ id: 'copy', type: 'file', slice: 1, emptyKey: 'empty', settings: {}, failover: FAILOVER }],
      buckets: [bucketConfig('requests', ['copy'], { batch: 10_000, batchTimeoutMs: 1_000 })],
    }));

  it('takes null as what is left out', () => {
    const stream = { ...file, slice: null, backup: null, deadLetter: null, emptyKey: null, failover: null };
    const bucket = { id: 'requests', streams: ['copy'], batch: null, batchTimeout: null };
    expect(configOf({ streamsConfigs: { copy: stream }, buckets: [bucket], defaultBucket: null })).toEqual(
      configOf(minimal()),
    );
  });

  it('takes keys of the structure in any case, and those of settings as they stand', () =>
    expect(
      configOf({
        STREAMSCONFIGS: {
          Copy: {
            Type: 'file',
            SLICE: 0.5,
            Settings: { Path: '/copy' },
            Backup: { TYPE: 'file', settings: {}, Replay: 'Ordered', REPLAYRATE: '0.5' },
            DEADletter: { type: 'file', Settings: { Path: '/dead' } },
            EmptyKey: 'NULL',
            Failover: { AFTERMS: 1, retryms: 2 },
          },
        },
        Buckets: [
          { ID: 'Requests', Streams: ['Copy'], Batch: 1, batchtimeout: 2, WhenFull: 'DROP', Durability: 'Journal' },
        ],
        DefaultBucket: { Id: 'd', streams: ['Copy'] },
      }),
    ).toEqual({
      streams: [
        {
          id: 'Copy',
          type: 'file',
          slice: 0.5,
          emptyKey: 'null',
          settings: { Path: '/copy' },
          backup: backupConfig('file', {}, { replay: 'ordered', replayRate: 0.5 }),
          deadLetter: { type: 'file', settings: { Path: '/dead' } },
          failover: { afterMs: 1, retryMs: 2 },
        },
      ],
      buckets: [
        bucketConfig('Requests', ['Copy'], { batch: 1, batchTimeoutMs: 2, whenFull: 'drop', durability: 'journal' }),
      ],
      defaultBucket: bucketConfig('d', ['Copy'], { batch: 10_000, batchTimeoutMs: 1_000 }),
    }));

  it('takes numbers as text, and times with a unit', () => {
    expect(
      configOf(withStream({ slice: '0.25', failover: { afterMs: '5s', retryMs: '1000' } })).streams[0],
    ).toMatchObject({
      slice: 0.25,
      failover: { afterMs: 5_000, retryMs: 1_000 },
    });
    expect(configOf(withBucket({ batch: '500', batchTimeout: '2s' })).buckets[0]).toMatchObject({
      batch: 500,
      batchTimeoutMs: 2_000,
    });
  });

  it.each(['empty', 'null'])('takes %s as what an empty key becomes', (emptyKey) =>
    expect(configOf(withStream({ emptyKey })).streams[0]).toMatchObject({ emptyKey }),
  );

  it.each([
    [false, false],
    ['true', true],
    [null, false],
    ['ORDERED', 'ordered'],
  ])('takes %p as whether a backup is sent on', (replay, expected) =>
    expect(configOf(withStream({ backup: { type: 'file', replay } })).streams[0]?.backup).toEqual(
      backupConfig('file', {}, { replay: expected as BackupConfig['replay'] }),
    ),
  );

  it('takes a kind of sink for dead letters, whose settings may be missing', () =>
    expect(configOf(withStream({ deadLetter: { type: 'blackhole' } })).streams[0]).toMatchObject({
      deadLetter: { type: 'blackhole', settings: {} },
    }));

  it('puts variables into settings of streams, backups and dead letters', () => {
    const settings = { path: '/var/${DIR}', list: ['${DIR}'], '${DIR}': '$${DIR}' };
    const stream = {
      type: 'file',
      slice: '${SLICE}',
      settings,
      backup: { ...file, settings },
      DeadLetter: { ...file, settings },
    };
    const text = JSON.stringify({
      streamsConfigs: { '${DIR}': stream },
      buckets: [{ id: '${DIR}', streams: ['${DIR}'] }],
    });
    const filled = { path: '/var/kahets', list: ['kahets'], '${DIR}': '${DIR}' };
    const { config, problems, variables } = decodeBuckets(text, { DIR: 'kahets', SLICE: '0.5' });
    expect(problems).toEqual([]);
    expect(config.streams).toMatchObject([
      { id: '${DIR}', slice: 0.5, settings: filled, backup: { settings: filled }, deadLetter: { settings: filled } },
    ]);
    expect(config.buckets).toMatchObject([{ id: '${DIR}', streams: ['${DIR}'] }]);
    expect([...new Set(variables)]).toEqual(['SLICE', 'DIR']);
  });

  it('puts variables into operators of streams and buckets, and into nothing else of a bucket', () => {
    const operators = ['./${NAME}.js', { module: './a.js', settings: { deep: ['${NAME}'] } }];
    const filled = [
      { module: './mask.js', settings: {} },
      { module: './a.js', settings: { deep: ['mask'] } },
    ];
    const text = JSON.stringify({
      streamsConfigs: { copy: { ...file, operators } },
      buckets: [{ id: '${NAME}', streams: ['copy'], OPERATORS: operators, '${NAME}': 1 }],
      defaultBucket: { streams: ['copy'], operators },
    });
    const { config, problems, variables } = decodeBuckets(text, { NAME: 'mask' });
    expect(problems).toEqual([]);
    expect(config.streams).toMatchObject([{ operators: filled }]);
    expect(config.buckets).toMatchObject([{ id: '${NAME}', operators: filled }]);
    expect(config.defaultBucket).toMatchObject({ operators: filled });
    expect(new Set(variables)).toEqual(new Set(['NAME']));
  });

  it.each([
    ['buckets[0].operators[0]', { buckets: [{ id: 'requests', streams: ['copy'], operators: ['./${NONE}.js'] }] }],
    [
      'defaultBucket.operators[0].settings.a',
      { DefaultBucket: { streams: ['copy'], Operators: [{ module: './a.js', settings: { a: '${NONE}' } }] } },
    ],
  ])('names a variable that is missing at %s', (place, parts) =>
    expect(errorsOf(minimal(parts))).toEqual([
      `buckets.json: ${place}: expected the variable NONE to be set, in the environment or in the env file, got none`,
    ]),
  );

  it('shows no secret of the operators of a bucket', () => {
    const operators = [{ module: './a.js', settings: { hmacKey: 'hunter2', salt: '${SALT}' } }];
    const { secrets } = decodeBuckets(JSON.stringify(withBucket({ operators })), { SALT: 'pepper' });
    expect(Object.fromEntries(secrets)).toEqual({ hunter2: '***', pepper: '${SALT}' });
  });

  it('names a missing variable by its place, once, and shows none of the others', () => {
    const text = JSON.stringify(withStream({ slice: '${SLICE}', type: '${NONE}', failover: { afterMs: '${TIME}' } }));
    const { problems } = decodeBuckets(text, { SLICE: '7', TIME: 'hunter2' });
    expect(report('b', problems)).toEqual([
      'b: streamsConfigs.copy.type: expected the variable NONE to be set, in the environment or in the env file, got none',
      'b: streamsConfigs.copy.slice: expected a number from 0 to 1, got ${SLICE}',
      expect.stringMatching(/^b: streamsConfigs\.copy\.failover\.afterMs: expected a time .*, got \$\{TIME\}$/),
    ]);
  });

  it('needs no bucket beside a default one, and no id of the latter', () =>
    expect(configOf({ streamsConfigs: { copy: file }, defaultBucket: { streams: ['copy'] } })).toMatchObject({
      buckets: [],
      defaultBucket: { id: 'default', streams: ['copy'] },
    }));

  it('takes ids that are names of the object prototype', () => {
    const text = `{
      "streamsConfigs": { "__proto__": { "type": "file" }, "constructor": { "type": "file", "settings": { "__proto__": 1 } } },
      "buckets": [{ "id": "__proto__", "streams": ["__proto__", "constructor"] }, { "id": "toString", "streams": ["constructor"] }],
    }`;
    const { streams, buckets } = configOf(text);
    expect(streams.map(({ id, type }) => [id, type])).toEqual([
      ['__proto__', 'file'],
      ['constructor', 'file'],
    ]);
    expect(Object.keys(streams[1]?.settings as object)).toEqual(['__proto__']);
    expect(buckets.map(({ id, streams: ids }) => [id, ids])).toEqual([
      ['__proto__', ['__proto__', 'constructor']],
      ['toString', ['constructor']],
    ]);
  });

  it('knows no stream that only the object prototype has', () =>
    expect(errorsOf(withBucket({ streams: ['constructor', '__proto__'] }))).toEqual([
      'buckets.json: buckets[0].streams: expected at least one stream of streamsConfigs (copy), got "constructor", "__proto__"',
    ]));

  describe('refuses', () => {
    const long = 'x'.repeat(256);
    it.each<[string, unknown, string]>([
      ['a list', [], ': expected an object with streamsConfigs and buckets, got a list'],
      [
        'no streams',
        minimal({ streamsConfigs: undefined }),
        'streamsConfigs: expected an object with at least one stream, got nothing',
      ],
      [
        'an empty set of streams',
        minimal({ streamsConfigs: {} }),
        'streamsConfigs: expected an object with at least one stream, got none',
      ],
      [
        'streams as a list',
        minimal({ streamsConfigs: [file] }),
        'streamsConfigs: expected an object with at least one stream, got a list',
      ],
      [
        'no buckets',
        minimal({ buckets: [] }),
        'buckets: expected a list of at least one bucket, or a defaultBucket, got none',
      ],
      ['buckets that are no list', minimal({ buckets: {} }), 'buckets: expected a list of at least one bucket'],
      [
        'a stream that is no object',
        minimal({ streamsConfigs: { copy: 'file' } }),
        'streamsConfigs.copy: expected an object, got "file"',
      ],
      [
        'a stream without a type',
        minimal({ streamsConfigs: { copy: {} } }),
        'streamsConfigs.copy.type: expected a non-empty string, got nothing',
      ],
      [
        'a type that is no text',
        withStream({ type: 5 }),
        'streamsConfigs.copy.type: expected a non-empty string, got 5',
      ],
      [
        'a slice above 1',
        withStream({ slice: '2' }),
        'streamsConfigs.copy.slice: expected a number from 0 to 1, got "2"',
      ],
      [
        'a slice below 0',
        withStream({ slice: -0.1 }),
        'streamsConfigs.copy.slice: expected a number from 0 to 1, got -0.1',
      ],
      [
        'a slice that is no number',
        withStream({ slice: 'half' }),
        'streamsConfigs.copy.slice: expected a number from 0 to 1, got "half"',
      ],
      [
        'settings that are no object',
        withStream({ settings: [1] }),
        'streamsConfigs.copy.settings: expected an object, got a list',
      ],
      [
        'dead letters without a type',
        withStream({ deadLetter: { settings: {} } }),
        'streamsConfigs.copy.deadLetter.type: expected a non-empty string, got nothing',
      ],
      [
        'dead letters that are no object',
        withStream({ deadLetter: '/dead' }),
        'streamsConfigs.copy.deadLetter: expected an object, got "/dead"',
      ],
      [
        'settings of dead letters that are no object',
        withStream({ deadLetter: { type: 'file', settings: 1 } }),
        'streamsConfigs.copy.deadLetter.settings: expected an object, got 1',
      ],
      [
        'another word for empty keys',
        withStream({ emptyKey: 'none' }),
        'streamsConfigs.copy.emptyKey: expected one of empty, null, got "none"',
      ],
      [
        'empty keys as true',
        withStream({ emptyKey: true }),
        'streamsConfigs.copy.emptyKey: expected one of empty, null, got true',
      ],
      [
        'a backup without a type',
        withStream({ backup: { settings: {} } }),
        'streamsConfigs.copy.backup.type: expected a non-empty string',
      ],
      [
        'another word for sending a backup on',
        withStream({ backup: { type: 'file', replay: 'yes' } }),
        'streamsConfigs.copy.backup.replay: expected true, false or "ordered", got "yes"',
      ],
      [
        'a rate of more than all',
        withStream({ backup: { type: 'file', replay: true, replayRate: 1.5 } }),
        'streamsConfigs.copy.backup.replayRate: expected a number from 0.01 to 1, got 1.5',
      ],
      [
        'another word for what happens when memory is full',
        withBucket({ whenFull: 'wait' }),
        'buckets[0].whenFull: expected one of block, drop, got "wait"',
      ],
      [
        'another word for durability',
        withBucket({ durability: 'disk' }),
        'buckets[0].durability: expected one of memory, journal, got "disk"',
      ],
      [
        'a failover time of 0',
        withStream({ failover: { afterMs: 0 } }),
        'streamsConfigs.copy.failover.afterMs: expected a time',
      ],
      [
        'an empty stream id',
        minimal({ streamsConfigs: { copy: file, '': file } }),
        'the id of streamsConfigs[""]: expected a string of 1 to 255 bytes, got ""',
      ],
      [
        'a long stream id',
        minimal({ streamsConfigs: { copy: file, [long]: file } }),
        'expected a string of 1 to 255 bytes',
      ],
      [
        'a bucket that is no object',
        minimal({ buckets: ['requests'] }),
        'buckets[0]: expected an object, got "requests"',
      ],
      [
        'a bucket without an id',
        withBucket({ id: undefined }),
        'buckets[0].id: expected a string of 1 to 255 bytes, got nothing',
      ],
      ['an empty bucket id', withBucket({ id: '' }), 'buckets[0].id: expected a string of 1 to 255 bytes, got ""'],
      ['a long bucket id', withBucket({ id: 'é'.repeat(128) }), 'buckets[0].id: expected a string of 1 to 255 bytes'],
      [
        'a bucket without streams',
        withBucket({ streams: undefined }),
        'buckets[0].streams: expected a list of stream ids, got nothing',
      ],
      [
        'streams that are no list',
        withBucket({ streams: 'copy' }),
        'buckets[0].streams: expected a list of stream ids, got "copy"',
      ],
      [
        'a stream id that is no text',
        withBucket({ streams: ['copy', 5] }),
        'buckets[0].streams[1]: expected a string of 1 to 255 bytes, got 5',
      ],
      [
        'an empty list of streams',
        withBucket({ streams: [] }),
        'buckets[0].streams: expected at least one stream of streamsConfigs (copy), got an empty list',
      ],
      [
        'streams that are all undefined',
        withBucket({ streams: ['a', 'b'] }),
        'buckets[0].streams: expected at least one stream of streamsConfigs (copy), got "a", "b"',
      ],
      [
        'a batch of 0',
        withBucket({ batch: 0 }),
        'buckets[0].batch: expected a whole number from 1 to 2147483647, got 0',
      ],
      [
        'half a message',
        withBucket({ batch: 1.5 }),
        'buckets[0].batch: expected a whole number from 1 to 2147483647, got 1.5',
      ],
      [
        'a batch beyond numbers',
        JSON.stringify(minimal()).replace('"id"', '"batch":1e999,"id"'),
        'buckets[0].batch: expected a whole number',
      ],
      [
        'a negative time',
        withBucket({ batchTimeout: -1 }),
        'buckets[0].batchTimeout: expected a time such as 30s or 30000 (ms)',
      ],
      [
        'a default bucket with undefined streams',
        minimal({ defaultBucket: { streams: ['a'] } }),
        'defaultBucket.streams: expected at least one stream',
      ],
      [
        'two buckets of one id',
        minimal({ buckets: [1, 2].map(() => ({ id: 'a', streams: ['copy'] })) }),
        'buckets[1].id: expected an id that no other bucket has, got "a", as in buckets[0]',
      ],
      [
        'two streams of one id',
        '{"streamsConfigs":{"a":{"type":"file"},"a":{"type":"file"}},"buckets":[{"id":"b","streams":["a"]}]}',
        'streamsConfigs.a: expected an id that no other stream has, got the same id twice',
      ],
      ['a syntax error', '{"streamsConfigs": {}\n "buckets": []}', 'line 2, column 2: expected a comma, got a string'],
    ])('%s', (_, document, line) => expect(errorsOf(document)).toEqual([expect.stringContaining(line)]));
  });

  it('tells of all problems at once', () =>
    expect(
      errorsOf({
        streamsConfigs: { a: { slice: 2 }, b: { type: 'file', settings: 1 } },
        buckets: [
          { id: 'x', streams: ['none'], batch: 0 },
          { id: 'x', streams: ['a'], batchTimeout: 'soon' },
        ],
        defaultBucket: { streams: [] },
      }).map((line) => line.split(': ')[1]),
    ).toEqual([
      'buckets[1].id',
      'streamsConfigs.a.type',
      'streamsConfigs.a.slice',
      'streamsConfigs.b.settings',
      'buckets[0].batch',
      'buckets[0].streams',
      'buckets[1].batchTimeout',
      'defaultBucket.streams',
    ]));

  it('has an answer to any text and any JSON', () => {
    fc.assert(fc.property(fc.string(), (text) => E.isLeft(decode(text))));
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), fc.jsonValue(), (streams, buckets, bucket) => {
        const decoded = decode({ streamsConfigs: { a: { type: 'file' }, b: streams }, buckets, defaultBucket: bucket });
        return E.isRight(decoded) || decoded.left.length > 0;
      }),
    );
  });

  it('keeps what a secret may be out of its words', () => {
    const secrets = {
      type: 'kafka',
      settings: 'sasl.password=hunter2',
      'sasl.password': 'hunter2',
      key: { password: 'hunter2' },
    };
    const lines = [
      ...errorsOf(minimal({ streamsConfigs: { secret_stream: { ...secrets, slice: 'hunter2' } } })),
      ...warningsOf(withStream({ password: 'hunter2', backup: { ...file, key: 'hunter2' } })),
    ];
    expect(lines.length).toBeGreaterThan(2);
    expect(lines.join('\n')).not.toContain('hunter2');
  });

  describe('warns of', () => {
    it.each<[string, unknown, string]>([
      [
        'a key without effect',
        minimal({ bucket: [] }),
        'bucket: expected one of streamsConfigs, buckets, defaultBucket (did you mean buckets?), got a key without effect',
      ],
      [
        'one in a stream',
        withStream({ slise: 1 }),
        'streamsConfigs.copy.slise: expected one of type, slice, settings, operators, backup, deadLetter, emptyKey, failover (did you mean slice?), got',
      ],
      [
        'one in a backup',
        withStream({ backup: { ...file, slice: 1 } }),
        'streamsConfigs.copy.backup.slice: expected one of type, settings, replay, replayRate, got',
      ],
      [
        'one in dead letters',
        withStream({ deadLetter: { ...file, emptyKey: 'null' } }),
        'streamsConfigs.copy.deadLetter.emptyKey: expected one of type, settings, got',
      ],
      [
        'another spelling of dead letters',
        withStream({ deadLetters: file }),
        'streamsConfigs.copy.deadLetters: expected one of type, slice, settings, operators, backup, deadLetter, emptyKey, failover (did you mean deadLetter?), got',
      ],
      [
        'one in a failover',
        withStream({ failover: { after: 1 } }),
        'streamsConfigs.copy.failover.after: expected one of afterMs, retryMs (did you mean',
      ],
      [
        'one in a bucket',
        withBucket({ timeout: 1 }),
        'buckets[0].timeout: expected one of id, streams, batch, batchTimeout, operators, whenFull, durability, got',
      ],
      [
        'one in the default bucket',
        minimal({ defaultBucket: { streams: ['copy'], '__proto__ ': 1 } }),
        'defaultBucket["__proto__ "]: expected one of',
      ],
      [
        'an undefined stream beside a defined one',
        withBucket({ streams: ['copy', 'kafka_02'] }),
        'buckets[0].streams[1]: expected a stream of streamsConfigs (copy), got "kafka_02"',
      ],
      [
        'a stream named twice',
        withBucket({ streams: ['copy', 'copy'] }),
        'buckets[0].streams[1]: expected each stream once, got "copy" again, which has no effect',
      ],
      [
        'a stream that no bucket names',
        minimal({ streamsConfigs: { copy: file, other: file } }),
        'streamsConfigs.other: expected a bucket that uses it, got a stream that no bucket names',
      ],
      [
        'two spellings of a key',
        withBucket({ batch: 1, Batch: 2 }),
        'buckets[0].batch: expected batch once, got Batch below, which counts',
      ],
      [
        'a key that stands twice',
        JSON.stringify(withBucket({ batch: 1 })).replace('"batch"', '"batch":2,"batch"'),
        'buckets[0].batch: expected the key once, got it twice: the last one counts',
      ],
    ])('%s', (_, document, line) => expect(warningsOf(document)).toEqual([expect.stringContaining(line)]));
  });

  it('lets the later of two spellings count, as Go does', () =>
    expect(configOf(withBucket({ Batch: 2, batch: 1 })).buckets[0]?.batch).toBe(1));

  it('leaves undefined and repeated streams out', () =>
    expect(configOf(withBucket({ streams: ['copy', 'x', 'copy'] })).buckets[0]?.streams).toEqual(['copy']));
});
