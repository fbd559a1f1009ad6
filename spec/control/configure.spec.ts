import * as E from 'fp-ts/Either';
import { problemLines } from '../../src/config/report';
import { configure, type ConfigureOptions } from '../../src/control/configure';
import { sinks } from '../../src/sinks';

const good = `{
  "streamsConfigs": { "copy": { "type": "file", "settings": { "path": "/tmp/copy" } } },
  "buckets": [{ "id": "b", "streams": ["copy"], "batch": 10, "batchTimeout": 100 }]
}`;

const options = (files: Readonly<Record<string, string>>, parts: Partial<ConfigureOptions> = {}): ConfigureOptions => ({
  environment: {},
  envFile: {},
  kinds: sinks,
  read: (path) => {
    const text = files[path];
    return text === undefined ? E.left('none') : E.right(text);
  },
  ...parts,
});

const linesOf = (configured: ReturnType<typeof configure>): readonly string[] =>
  E.isLeft(configured) ? problemLines(configured.left) : [...problemLines(configured.right.warnings), 'a plan'];

describe('configure', () => {
  it('gives settings and a plan', () => {
    const configured = configure(options({ './buckets.json': good }, { envFile: { SOCKET: '/tmp/x.sock' } }));
    expect(configured).toEqual(
      E.right(
        expect.objectContaining({
          settings: expect.objectContaining({ sockets: [{ kind: 'unix', path: '/tmp/x.sock' }] }) as unknown,
          warnings: [],
        }),
      ),
    );
  });

  it('reads the file that BUCKETS_FILE names', () => {
    const configured = configure(options({ '/etc/b.json': good }, { environment: { BUCKETS_FILE: '/etc/b.json' } }));
    expect(E.isRight(configured)).toBe(true);
  });

  it('names a file that cannot be read', () => {
    expect(linesOf(configure(options({})))).toEqual(['./buckets.json: expected a file that can be read, got none']);
  });

  it('names the problems of the environment, of buckets.json and of the sinks at once', () => {
    const bad = good.replace('"/tmp/copy"', '7').replace('"batch": 10', '"batch": -1');
    const configured = configure(options({ './buckets.json': bad }, { environment: { MAXCPUS: 'many' } }));
    expect(linesOf(configured)).toEqual([
      expect.stringMatching(/^environment: MAXCPUS: expected .*, got "many"$/),
      expect.stringMatching(/^\.\/buckets\.json: buckets\[0\]\.batch: expected .*, got -1$/),
      expect.stringMatching(/^\.\/buckets\.json: streamsConfigs\.copy\.settings\.path: expected .*, got 7$/),
    ]);
    expect(configured).toMatchObject(
      E.left([
        { file: 'environment', path: 'MAXCPUS' },
        { file: './buckets.json', path: 'buckets[0].batch', line: 3, column: 49, got: '-1' },
        { path: 'streamsConfigs.copy.settings.path', line: 2, column: 63 },
      ]),
    );
  });

  it('says where a file is no JSON', () => {
    expect(configure(options({ './buckets.json': '{\n  "a" 1 }' }))).toMatchObject(
      E.left([{ file: './buckets.json', path: 'line 2, column 7', line: 2, column: 7 }]),
    );
  });

  describe('with variables in buckets.json', () => {
    const kafka = (settings: Readonly<Record<string, unknown>>): string =>
      JSON.stringify({
        streamsConfigs: { k: { type: 'kafka', settings: { 'bootstrap.servers': 'kafka1', ...settings } } },
        buckets: [{ id: 'b', streams: ['k'] }],
      });
    const sasl = {
      'security.protocol': 'sasl_ssl',
      'sasl.mechanisms': 'PLAIN',
      'sasl.username': '${KAFKA_USER}',
      'sasl.password': '${KAFKA_PASSWORD}',
    };
    const linesFor = (settings: Readonly<Record<string, unknown>>, parts: Partial<ConfigureOptions>) =>
      linesOf(configure(options({ './buckets.json': kafka(settings) }, parts)));

    it('takes them from the environment, and from the env file without a warning; they are secrets', () => {
      const parts = { environment: { KAFKA_USER: 'me' }, envFile: { KAFKA_PASSWORD: 'hunter2', OTHER: 'x' } };
      const configured = configure(options({ './buckets.json': kafka(sasl) }, parts));
      expect(configured).toEqual(
        E.right(
          expect.objectContaining({
            secrets: new Map([['hunter2', '***']]),
            warnings: [expect.objectContaining({ file: 'environment', path: 'OTHER' })],
          }),
        ),
      );
    });

    it('lets a variable of the process win over that of the env file', () => {
      const parts = { environment: { PORT: 'no port' }, envFile: { PORT: '9092' } };
      expect(linesFor({ 'bootstrap.servers': 'kafka1:${PORT}' }, parts)).toEqual([
        './buckets.json: streamsConfigs.k.settings.bootstrap.servers: expected brokers as host:port, with commas between them, got ${PORT}',
      ]);
      expect(linesFor({ 'bootstrap.servers': 'kafka1:${PORT}' }, { envFile: parts.envFile })).toEqual(['a plan']);
    });

    it('names each one that is missing, and says nothing else of its place', () =>
      expect(linesFor({ ...sasl, 'linger.ms': '${LINGER}' }, { environment: { KAFKA_USER: '' } })).toEqual([
        './buckets.json: streamsConfigs.k.settings.sasl.username: expected the variable KAFKA_USER to be set, in the environment or in the env file, got an empty one',
        './buckets.json: streamsConfigs.k.settings.sasl.password: expected the variable KAFKA_PASSWORD to be set, in the environment or in the env file, got none',
        './buckets.json: streamsConfigs.k.settings.linger.ms: expected the variable LINGER to be set, in the environment or in the env file, got none',
      ]));

    it('shows no value: not in its place, not beside it, not among the variables', () => {
      const environment = { KAFKA_PASSWORD: 'hunter2', LINGER: '70007', MAXCPUS: 'hunter2' };
      const settings = {
        'linger.ms': '${LINGER}',
        'message.timeout.ms': 6,
        'client.id': '${KAFKA_PASSWORD}',
        acks: 'hunter2',
      };
      const lines = linesFor(settings, { environment });
      expect(lines).toEqual([
        'environment: MAXCPUS: expected a whole number from 1 to 1024, got "${KAFKA_PASSWORD}"',
        './buckets.json: streamsConfigs.k.settings.acks: expected all (or -1), 1 or 0, got "${KAFKA_PASSWORD}"',
      ]);
      expect(linesFor({ ...settings, acks: 'all' }, { environment: { ...environment, MAXCPUS: '1' } })).toEqual([
        './buckets.json: streamsConfigs.k.settings.message.timeout.ms: expected more than linger.ms (${LINGER}), or 0, got 6',
      ]);
    });

    it('leaves ids, buckets and keys alone', () => {
      const text = `{
        "streamsConfigs": { "\${ID}": { "type": "file", "settings": { "path": "/tmp/copy" } } },
        "buckets": [{ "id": "\${ID}", "streams": ["\${ID}"] }]
      }`;
      expect(configure(options({ './buckets.json': text }))).toEqual(
        E.right(expect.objectContaining({ warnings: [] })),
      );
    });
  });

  it('passes on warnings', () => {
    const configured = configure(options({ './buckets.json': good.replace('"id": "b"', '"id": "b", "colour": 1') }));
    expect(configured).toEqual(
      E.right(expect.objectContaining({ warnings: [expect.objectContaining({ path: 'buckets[0].colour', line: 3 })] })),
    );
  });
});
