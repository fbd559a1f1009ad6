import * as E from 'fp-ts/Either';
import * as fc from 'fast-check';
import { hideIn } from '../../src/config/secrets';
import { problemLines } from '../../src/config/report';
import { configure } from '../../src/control/configure';
import { createLog } from '../../src/control/log';
import { sinks } from '../../src/sinks';
import { LIBRDKAFKA_NAMES } from '../../src/sinks/kafka/settings/names';

/** Texts that stand nowhere else: short and long, of digits, and with what JSON and URLs write in another way. */
const secret = fc.oneof(
  fc.stringMatching(/^§[a-z]{3,9}$/),
  fc.stringMatching(/^§[ -~]{3,20}$/),
  fc.stringMatching(/^§[a-z]{70,80}$/),
  fc.stringMatching(/^97[0-9]{5}3$/),
  fc
    .tuple(fc.stringMatching(/^§[a-z]{3}$/), fc.constantFrom('\n', '"', '\\', '/', '\u001b', ' ', '$&', '${'))
    .map((parts) => parts.join('')),
);

const KEYS = ['type', 'slice', 'settings', 'backup', 'deadLetter', 'emptyKey', 'failover', 'colour', 'Backup'];
const FILE_KEYS = ['path', 'fileNameTemplate', 'sizeRotate', 'maxFiles', 'maxAge', 'token'];
const VARIABLES = ['KAFKA_A', 'KAFKA_B', 'KAFKA_C'] as const;

/** A value that names a variable somewhere, in all sorts of types. */
const value = fc.letrec((tie) => ({
  text: fc.tuple(
    fc.constantFrom('', 'https://u:', 'a,b'),
    fc.constantFrom(...VARIABLES),
    fc.constantFrom('', '@h', ','),
  ),
  leaf: fc.oneof(
    tie('text').map((parts) => {
      const [before, name, after] = parts as [string, string, string];
      return `${before}\${${name}}${after}`;
    }),
    fc.constantFrom<unknown>(
      'ssl',
      'sasl_ssl',
      'kafka',
      'file',
      'PLAIN',
      'OAUTHBEARER',
      'oidc',
      'kafka1',
      7,
      true,
      null,
    ),
  ),
  any: fc.oneof(
    { weight: 4, arbitrary: tie('leaf') },
    { weight: 1, arbitrary: fc.array(tie('leaf'), { maxLength: 2 }) },
    { weight: 1, arbitrary: fc.dictionary(fc.constantFrom(...FILE_KEYS, 'id'), tie('leaf'), { maxKeys: 2 }) },
  ),
})).any;

const settings = fc.dictionary(fc.constantFrom(...LIBRDKAFKA_NAMES, ...FILE_KEYS, 'nonsense'), value, { maxKeys: 8 });
const sink = fc.record({
  type: fc.oneof(fc.constantFrom('kafka', 'file'), value),
  settings: fc.oneof(settings, value),
});
const stream = fc
  .tuple(sink, fc.dictionary(fc.constantFrom(...KEYS), fc.oneof(value, sink), { maxKeys: 3 }))
  .map(([base, parts]) => ({ ...base, ...parts }));

/** Right by themselves: two of them want the same files, and a sink tells of that elsewhere than in their place. */
const clash = fc.constant({ type: 'file', settings: { path: '/tmp/${KAFKA_A}/copy' } });

/** Of a long text already its beginning is too much. */
const START = 30;

describe('secrets', () => {
  it('from variables stand in no line, however wrong their places are', () =>
    fc.assert(
      fc.property(
        fc.tuple(secret, secret, secret),
        fc.array(fc.oneof({ weight: 3, arbitrary: stream }, { weight: 1, arbitrary: clash }), {
          minLength: 1,
          maxLength: 3,
        }),
        (secrets, streams) => {
          const environment = Object.fromEntries(VARIABLES.map((name, index) => [name, secrets[index]]));
          const document = JSON.stringify({
            streamsConfigs: Object.fromEntries(streams.map((config, index) => [`s${index}`, config])),
            buckets: [{ id: 'b', streams: ['s0'] }],
          });
          const configured = configure({ environment, envFile: {}, kinds: sinks, read: () => E.right(document) });
          const lines = problemLines(E.isLeft(configured) ? configured.left : configured.right.warnings);
          for (const line of lines) for (const text of secrets) expect(line).not.toContain(text.slice(0, START));
          const used = VARIABLES.filter((name) => document.includes(name));
          const hidden = E.isRight(configured) ? [...configured.right.secrets.keys()] : [];
          if (E.isRight(configured))
            expect(hidden).toEqual(expect.arrayContaining(used.map((name) => environment[name])));
        },
      ),
      { numRuns: 200 },
    ));

  it('stand in no line of the log, wherever in its fields they are', () =>
    fc.assert(
      fc.property(secret, fc.jsonValue(), fc.string(), (text, fields, around) => {
        const lines: string[] = [];
        const log = createLog('info', { write: (line) => lines.push(line) }, hideIn(new Map([[text, '***']])));
        log.info(`${around}${text}`, { fields, [text]: text, deep: [{ a: `${around}${text}${around}` }] });
        const [line = ''] = lines;
        expect(JSON.stringify(JSON.parse(line))).not.toContain(JSON.stringify(text).slice(1, -1));
      }),
    ));
});
