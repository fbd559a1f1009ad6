import type { StatusDocument } from '../../../src/control/status/document';
import { statusLines } from '../../../src/cli/commands/status/lines';
import { coloured, plain } from '../../../src/cli/screen/colours';
import { widthOf } from '../../../src/cli/screen/width';
import { batchOf, outcomeOf } from '../../../src/testing/builders';
import { freePorts } from '../../support/kafka';
import { closeMonitors, serveMonitor } from '../../support/servedMonitor';
import { bucketRow, NOW_MS, statusDocumentOf, streamStatus, totals } from '../../support/statusDocuments';
import { run } from './harness';

afterEach(closeMonitors);

const served = async () => {
  const daemon = await serveMonitor();
  const { address } = daemon;
  if (address.kind !== 'tcp') throw new Error('expected a port');
  return { ...daemon, port: String(address.port) };
};

describe('kahets status', () => {
  it('ends with 0 where the daemon is ready and all is up', async () => {
    const { monitor, port } = await served();
    monitor.listening(() => 3);
    const { code, out, err } = await run(['status'], { environment: { HTTP: port } });
    expect({ code, err }).toEqual({ code: 0, err: '' });
    expect(out).toMatch(
      /^kahets 1\.2\.3 on here, process 7: ready, for 0 s\nclients {3}3 connected to \/run\/k\.sock\n/,
    );
  });

  it('ends with 75 where it is not ready, and says why', async () => {
    const { port } = await served();
    const { code, out, err } = await run(['status', '--http', port]);
    expect({ code, err }).toEqual({ code: 75, err: 'kahets: not ready: starting: the socket is not open yet\n' });
    expect(out).toContain('not ready (starting)');
  });

  it('shows the busiest buckets, or those that are asked for', async () => {
    const { env, monitor, port } = await served();
    monitor.listening(() => 0);
    for (let n = 1; n <= 20; n += 1) env.ledger.received(`b${n}`, ['s'])(n);
    const busiest = await run(['status', '--http', port, '--buckets', '2']);
    expect(busiest.out).toMatch(/\nb20 .*\nb19 .*\nthe busiest 2 of 20: /);
    const some = await run(['status', '--http', port, '--bucket', 'B1']);
    expect(some.out).toMatch(/\nbuckets whose name contains B1\nBUCKET .*\nb19 /);
    expect(some.out).not.toContain('\nb20 ');
    const none = await run(['status', '--http', port, '--bucket', 'x']);
    expect(none.out).toContain('\nno buckets\n');
  });

  it('shows names and lines that clients chose without obeying them', async () => {
    const { env, monitor, port } = await served();
    monitor.listening(() => 0);
    env.ledger.received('\u001b[2J\u202eevil', ['s'])(1);
    env.log.warn('odd', { bucket: '\u009b31m' });
    const shown = await run(['status', '--http', port]);
    const json = await run(['status', '--http', port, '--json']);
    for (const { out } of [shown, json]) expect(out.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(shown.out).toContain('\\x1b[2J\\u{202e}evil');
    expect((JSON.parse(json.out) as StatusDocument).buckets.rows[0]?.bucket).toBe('\u001b[2J\u202eevil');
  });

  it('prints the document with --json, and what is wrong', async () => {
    const { env, port } = await served();
    const batch = batchOf('b', ['one', 'two']);
    env.ledger.received('b', ['s'])(2);
    env.ledger.settled({ batch, outcomes: [outcomeOf('s', batch, { delivered: 2 })] });
    const { code, out } = await run(['status', '--http', port, '--json']);
    expect(code).toBe(75);
    expect(JSON.parse(out)).toMatchObject({
      ...{ version: 1, exitCode: 75, problems: [expect.stringContaining('starting')], received: 2 },
      buckets: { rows: [{ bucket: 'b', stream: 's', delivered: 2 }] },
    });
  });

  it('ends with 69 where nobody answers', async () => {
    const [port] = await freePorts(1);
    const { code, out, err } = await run(['status', '--http', String(port), '--json']);
    expect(code).toBe(69);
    expect(err).toMatch(/^kahets: 127\.0\.0\.1:\d+: nobody listens there: start the daemon/);
    expect(JSON.parse(out)).toEqual({ exitCode: 69, problems: [err.replace(/^kahets: |\n$/g, '')] });
  });

  it.each([
    [{}, /HTTP is not set.*set HTTP=9410, say/],
    [{ HTTP: '0' }, /HTTP names port 0.*--http ADDRESS/],
    [{ HTTP: 'nowhere' }, /HTTP: expected an address/],
  ])('ends with 78 where the environment does not say where: %j', async (environment, said) => {
    const { code, out, err } = await run(['status'], { environment });
    expect({ code, out }).toEqual({ code: 78, out: '' });
    expect(err).toMatch(said);
  });

  it('ends with 64 where --http is no address', async () => {
    const { code, err } = await run(['status', '--http', 'nowhere']);
    expect(code).toBe(64);
    expect(err).toContain('Expected an address such as 127.0.0.1:9410');
  });
});

describe('the lines of kahets status', () => {
  const troubled = statusDocumentOf({
    daemon: { reloads: { begun: 3, succeeded: 2, failed: 1, last: { atMs: NOW_MS - 5_000, succeeded: false } } },
    memory: { heldBytes: 1536, full: true },
    ...{ received: 1_234_567, refused: 3 },
    streams: [
      streamStatus('kafka_01', {
        ...{
          state: 'open',
          sinceMs: NOW_MS - 12_000,
          cause: 'k1:9092 nobody listens there '.repeat(6).trim(),
          slice: 0.1,
        },
        totals: totals({ delivered: 1_000_000, backedUp: 3_456, dropped: 1, deadLettered: 2, held: 9 }),
        backup: {
          ...{ type: 'file', to: 'files backup/*', replays: true, messages: 3_456 },
          waiting: { files: 3, bytes: 1_200_000, oldestMs: NOW_MS - 300_000 },
        },
        spool: { files: 1, bytes: 300, oldestMs: undefined },
        ...{ topicsInTrouble: 3, topics: [{ bucket: '東京', state: 'down', sinceMs: NOW_MS, cause: 'too large' }] },
      }),
      streamStatus('a-stream-with-a-very-long-name-indeed', { backup: undefined }),
    ],
    buckets: { matching: 500, rows: [bucketRow('b'.repeat(255), { received: 7, dropped: { poison: 2 } })] },
    lines: [
      { number: 4, atMs: NOW_MS - 1_000, level: 'error', message: 'no sink', fields: { count: 3, cause: 'x y' } },
    ],
  });
  const linesOf = (width: number, colours = plain) => statusLines(troubled, { bucket: undefined }, { width, colours });

  it.each([20, 40, 80, 200])('fit into %i columns', (width) => {
    for (const line of linesOf(width)) expect(widthOf(line)).toBeLessThanOrEqual(width);
  });

  it('say all that is wrong in 80 columns', () => {
    expect(linesOf(80).join('\n')).toBe(`kahets 1.2.3 on here, process 7: ready, for 1 min
clients   2 connected to /run/k.sock
received  1.2M messages, 3 refused
memory    1.5 KB of 64 MB held, process 100 MB of 250 MB
reloads   2 succeeded, 1 failed; the last failed 5 s ago

STREAM                         STATE      DELIVERED  BACKUP  DROPPED  DEAD  HELD
kafka_01                       open 12 s         1M   3,456        1     2     9
  k1:9092 nobody listens there k1:9092 nobody listens there k1:9092 nobody
  listens there k1:9092 nobody listens there k1:9092 nobody listens there
  k1:9092 nobody listens there
  not taken: 東京 (too large) and 2 more
  to Kafka at k1:9092, 10 % of the messages
  backup files backup/*: 3,456 messages, 3 files (1.1 MB) to be sent on, the
  oldest for 5 min
  spool: 1 file (300 B) to be sent on
a-stream-with-a-very-long-na…  up 1 min           0       0        0     0     0
  to Kafka at k1:9092

BUCKET                  STREAM  RECEIVED  DELIVERED  BACKUP  DROPPED  DEAD  HELD
bbbbbbbbbbbbbbbbbbbbb…  kafka          7          0       0        2     0     0
the busiest 1 of 500: --buckets N shows more, --bucket TEXT some

LAST WARNINGS AND ERRORS
1 s ago ERROR no sink count=3 cause=x y`);
  });

  it('are cut nowhere where the width has no end', () => {
    expect(linesOf(Infinity).join('\n')).toContain(`\n${'b'.repeat(255)}  kafka `);
  });

  it('take colours for what is wrong, and for what is right', () => {
    const text = linesOf(80, coloured).join('\n');
    expect(text).toContain('\u001b[32mready\u001b[39m');
    expect(text).toMatch(/\u001b\[33mopen 12 s *\u001b\[39m/);
  });
});
