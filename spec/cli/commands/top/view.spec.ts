import * as fc from 'fast-check';
import { firstModel, updated, type Model } from '../../../../src/cli/commands/top/model';
import { measure, view } from '../../../../src/cli/commands/top/view';
import { coloured, plain } from '../../../../src/cli/screen/colours';
import { widthOf } from '../../../../src/cli/screen/width';
import type { StatusDocument } from '../../../../src/control/status/document';
import { bucketRow, NOW_MS, statusDocumentOf, streamStatus, totals } from '../../../support/statusDocuments';

const DOCUMENT = statusDocumentOf({
  received: 1_000,
  streams: [
    streamStatus('kafka_01', {
      ...{ state: 'open', sinceMs: NOW_MS - 12_000, cause: 'nobody listens there' },
      totals: totals({ delivered: 100, backedUp: 900 }),
    }),
    streamStatus('copy'),
  ],
  buckets: {
    matching: 3,
    rows: [
      bucketRow('slow', { received: 900, perSecond: 1, held: 5 }),
      bucketRow('fast', { received: 100, perSecond: 40 }),
      bucketRow('lossy', { received: 1, perSecond: 0.5, dropped: { poison: 1 } }),
    ],
  },
  lines: [{ number: 1, atMs: NOW_MS - 3_000, level: 'warn', message: 'stream open', fields: { stream: 'kafka_01' } }],
});

const modelOf = (parts: Partial<Model> = {}, document: StatusDocument | undefined = DOCUMENT): Model => ({
  ...firstModel({ columns: 80, rows: 24 }, NOW_MS),
  document,
  ...parts,
});

const linesOf = (parts: Partial<Model> = {}, document?: StatusDocument): readonly string[] =>
  view(modelOf(parts, document), plain);

/** Names of the buckets that are seen, in order. */
const bucketsIn = (lines: readonly string[]): readonly string[] => {
  const from = lines.findIndex((line) => line.startsWith('BUCKET')) + 1;
  return lines.slice(from).flatMap((line) => /^(\S+) +kafka /.exec(line)?.[1] ?? []);
};

const manyBuckets = (count: number): StatusDocument => {
  const rows = Array.from({ length: count }, (_, n) =>
    bucketRow(`b${n}`, { received: count - n, perSecond: count - n }),
  );
  return statusDocumentOf({ buckets: { matching: 12_345, rows } });
};

describe('the view of kahets top', () => {
  it('shows everything in 80 × 24', () => {
    const lines = linesOf({ rates: { received: 41.5, delivered: new Map([['kafka_01', 12]]) } });
    expect(lines).toHaveLength(24);
    expect(lines.map((line) => line.trimEnd()).join('\n')).toBe(`kahets 1.2.3 on here, process 7: ready, for 1 min
clients   2 connected to /run/k.sock
received  1,000 messages (42 a second), 0 refused
memory    0 B of 64 MB held, process 100 MB of 250 MB
reloads   none

STREAM    STATE      RATE  DELIVERED  BACKUP  DROPPED  DEAD  HELD
kafka_01  open 12 s    12        100     900        0     0     0
  nobody listens there
copy      up 1 min      0          0       0        0     0     0

BUCKET  STREAM  RATE  RECEIVED  DELIVERED  BACKUP  DROPPED  DEAD  HELD
fast    kafka     40       100          0       0        0     0     0
slow    kafka    1.0       900          0       0        0     0     5
lossy   kafka    0.5         1          0       0        1     0     0







3 s ago WARN stream open stream=kafka_01
 q quit  / filter  s sort: rate  ↑↓ 1–3 of 3`);
  });

  it('waits for the daemon, and says so', () => {
    const [first] = view(firstModel({ columns: 80, rows: 24 }, NOW_MS), plain);
    expect(first).toBe('waiting for the daemon …');
  });

  it('says that the daemon is away, above what it said before', () => {
    const away = { problem: 'nobody\u001b[2J listens', sinceMs: NOW_MS - 5_000 };
    const [first, second] = linesOf({ away });
    expect(first).toBe('no daemon for 5 s: nobody\\x1b[2J listens. What is below it said before.');
    expect(second).toContain('kahets 1.2.3');
  });

  it.each([
    ['rate', ['fast', 'slow', 'lossy']],
    ['received', ['slow', 'fast', 'lossy']],
    ['waiting', ['slow', 'fast', 'lossy']],
    ['lost', ['lossy', 'slow', 'fast']],
    ['name', ['fast', 'lossy', 'slow']],
  ] as const)('sorts by %s', (sort, names) => {
    expect(bucketsIn(linesOf({ sort }))).toEqual(names);
  });

  it('finds buckets before the daemon is asked, and shows what is typed', () => {
    const lines = linesOf({ filter: 'LO', isTyping: true });
    expect(bucketsIn(lines)).toEqual(['slow', 'lossy']);
    expect(lines.at(-1)).toBe('buckets with: LO▏');
    expect(linesOf({ filter: 'x' }).at(-1)).toContain('no buckets with x');
  });

  it('scrolls through thousands of buckets', () => {
    const document = manyBuckets(5_000);
    const start = modelOf({}, document);
    const { total, page } = measure(start);
    expect(total).toBe(5_000);
    const end = updated(measure)(start, { kind: 'key', key: { name: 'end' } });
    const names = bucketsIn(view(end, plain));
    expect(names).toHaveLength(page);
    expect(names.at(-1)).toBe('b4999');
    expect(view(end, plain).at(-1)).toContain(`of 5,000, the busiest of 12,345`);
  });

  it('has room for buckets where there are many streams', () => {
    const streams = Array.from({ length: 100 }, (_, n) => streamStatus(`s${n}`));
    const lines = linesOf({}, { ...DOCUMENT, streams });
    expect(lines.join('\n')).toMatch(/… \d+ more lines\n/);
    expect(bucketsIn(lines)).toEqual(['fast', 'slow', 'lossy']);
  });

  it('leaves lesser things out where there are few rows', () => {
    const lines = linesOf({ size: { columns: 80, rows: 10 } });
    expect(lines).toHaveLength(10);
    expect(lines[1]).toMatch(/^STREAM/);
    expect(bucketsIn(lines)).toEqual(['fast', 'slow', 'lossy']);
  });

  it('fits every terminal, whatever the names are', () => {
    const name = fc.string({ unit: fc.constantFrom('a', '東', '👩‍👩‍👧', 'e\u0301', '\u001b', '\n', ' '), maxLength: 60 });
    const size = fc.record({ columns: fc.integer({ min: 1, max: 120 }), rows: fc.integer({ min: 1, max: 60 }) });
    fc.assert(
      fc.property(fc.array(name), name, size, fc.boolean(), (names, other, given, isTyping) => {
        const document = statusDocumentOf({
          daemon: { hostname: other, ready: false, reasons: [other] },
          streams: names.map((id) => streamStatus(id, { state: 'down', cause: other })),
          buckets: { matching: names.length, rows: names.map((bucket) => bucketRow(bucket)) },
        });
        const lines = linesOf({ size: given, filter: other, isTyping, away: { problem: other, sinceMs: 0 } }, document);
        expect(lines.length).toBeLessThanOrEqual(given.rows);
        for (const line of lines) {
          expect(line).not.toMatch(/[\p{Cc}]/u);
          expect(widthOf(line)).toBeLessThanOrEqual(given.columns);
        }
      }),
      { numRuns: 200 },
    );
  });

  it('takes colours', () => {
    const text = view(modelOf(), coloured).join('\n');
    expect(text).toMatch(/\u001b\[33mopen 12 s *\u001b\[39m/);
    expect(text).toContain('\u001b[7m q quit');
  });
});
