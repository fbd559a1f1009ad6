import * as E from 'fp-ts/Either';
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
    return text === undefined ? E.left('expected a file that can be read, got none') : E.right(text);
  },
  ...parts,
});

describe('configure', () => {
  it('gives settings and a plan', () => {
    const configured = configure(options({ './buckets.json': good }, { envFile: { SOCKET: '/tmp/x.sock' } }));
    expect(configured).toEqual(
      E.right(
        expect.objectContaining({
          settings: expect.objectContaining({ socket: '/tmp/x.sock' }) as unknown,
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
    expect(configure(options({}))).toEqual(E.left(['./buckets.json: expected a file that can be read, got none']));
  });

  it('names the problems of the environment, of buckets.json and of the sinks at once', () => {
    const bad = good.replace('"/tmp/copy"', '7').replace('"batch": 10', '"batch": -1');
    const configured = configure(options({ './buckets.json': bad }, { environment: { MAXCPUS: 'many' } }));
    expect(configured).toEqual(
      E.left([
        expect.stringMatching(/^environment: MAXCPUS: expected .*, got "many"$/),
        expect.stringMatching(/^\.\/buckets\.json: buckets\[0\]\.batch: expected .*, got -1$/),
        expect.stringMatching(/^\.\/buckets\.json: streamsConfigs\.copy\.settings\.path: expected .*, got 7$/),
      ]),
    );
  });

  it('passes on warnings', () => {
    const configured = configure(options({ './buckets.json': good.replace('"id": "b"', '"id": "b", "colour": 1') }));
    expect(configured).toEqual(
      E.right(expect.objectContaining({ warnings: [expect.stringContaining('buckets[0].colour') as unknown] })),
    );
  });
});
