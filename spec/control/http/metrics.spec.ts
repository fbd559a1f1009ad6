import { createMetrics } from '../../../src/control/http/metrics';
import type { StatusDocument } from '../../../src/control/status/document';
import { totalsOf } from '../../../src/control/status/totals';
import { emptyRow, type LedgerRow } from '../../../src/model';
import { batchOf, outcomeOf } from '../../../src/testing/builders';

const NONE = { files: 0, bytes: 0, oldestMs: undefined };
const totals = totalsOf([]);

const documentOf = (streams: StatusDocument['streams'] = []): StatusDocument => ({
  version: 1,
  daemon: {
    ...{ version: '1', pid: 1, hostname: 'h', startedMs: 0, nowMs: 0, socket: 's' },
    ...{ phase: 'listening', ready: true, reasons: [] },
    reloads: { begun: 3, succeeded: 2, failed: 1, last: undefined },
  },
  connections: 3,
  memory: { heldBytes: 5, highBytes: 10, residentBytes: 20, maxBytes: 30, full: true },
  syncs: { delivered: 4, backedUp: 2, dropped: 1 },
  ...{ received: 0, refused: 0, streams, buckets: { matching: 0, rows: [] }, discards: [], lines: [] },
});

const stream = (parts: Partial<StatusDocument['streams'][number]>): StatusDocument['streams'][number] => ({
  ...{ id: 's', type: 'kafka', to: undefined, slice: 1, state: 'up', sinceMs: undefined, cause: undefined },
  ...{ totals, backup: undefined, spool: NONE, deadLetter: undefined, topicsInTrouble: 0, topics: [] },
  ...parts,
});

const metricsAt = (nowMs = 1000) => createMetrics({ now: () => nowMs, version: '1.2.3', nodeVersion: 'v20' });

/** The samples by name and labels. */
const samplesOf = (text: string): ReadonlyMap<string, number> =>
  new Map(
    text
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))]),
  );

const scrape = async (
  metrics: ReturnType<typeof metricsAt>,
  rows: readonly LedgerRow[] = [],
  document = documentOf(),
): Promise<ReadonlyMap<string, number>> => samplesOf(await metrics.text(document, rows));

describe('createMetrics', () => {
  it('says what it is: text of Prometheus, of this build', async () => {
    const metrics = metricsAt();
    expect(metrics.contentType).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect((await scrape(metrics)).get('kahets_build_info{version="1.2.3",node="v20"}')).toBe(1);
  });

  it('reads the books', async () => {
    const row: LedgerRow = {
      ...{ bucket: 'b', stream: 's', received: 10, recovered: 1, delivered: 4, backedUp: 2, deadLettered: 1 },
      ...{ dropped: { poison: 1, unexpected: 2 }, sampledOut: 1, held: 0, duplicatesPossible: 3 },
    };
    const samples = await scrape(metricsAt(), [row]);
    const own = [...samples].filter(([name]) => name.includes('bucket="b"'));
    expect(Object.fromEntries(own)).toEqual({
      'kahets_messages_received_total{bucket="b",stream="s"}': 10,
      'kahets_messages_recovered_total{bucket="b",stream="s"}': 1,
      'kahets_messages_delivered_total{bucket="b",stream="s"}': 4,
      'kahets_messages_dead_lettered_total{bucket="b",stream="s"}': 1,
      'kahets_messages_sampled_out_total{bucket="b",stream="s"}': 1,
      'kahets_duplicates_possible_total{bucket="b",stream="s"}': 3,
      'kahets_messages_dropped_total{bucket="b",stream="s",reason="poison"}': 1,
      'kahets_messages_dropped_total{bucket="b",stream="s",reason="unexpected"}': 2,
      'kahets_held_messages{bucket="b",stream="s"}': 0,
      'kahets_backup_messages{bucket="b",stream="s"}': 2,
    });
  });

  it('reads them anew at each scrape', async () => {
    const metrics = metricsAt();
    const name = 'kahets_messages_received_total{bucket="b",stream="s"}';
    const row = { ...emptyRow('b', 's'), received: 10 };
    expect((await scrape(metrics, [row])).get(name)).toBe(10);
    expect((await scrape(metrics, [{ ...row, received: 12 }])).get(name)).toBe(12);
  });

  it('gives a hundred buckets a name, which they keep, and the others share one', async () => {
    const metrics = metricsAt();
    const rows = Array.from({ length: 1000 }, (_, n) => ({ ...emptyRow(`b${n}`, 's'), received: 1 }));
    await scrape(metrics, rows);
    const samples = await scrape(metrics, [...rows, { ...emptyRow('later', 's'), received: 5 }]);
    const received = [...samples].filter(([name]) => name.startsWith('kahets_messages_received_total'));
    expect(received).toHaveLength(101);
    expect(samples.get('kahets_messages_received_total{bucket="b99",stream="s"}')).toBe(1);
    expect(samples.get('kahets_messages_received_total{bucket="(other)",stream="s"}')).toBe(905);
  });

  it('escapes what clients call their buckets', async () => {
    const text = await metricsAt().text(documentOf(), [{ ...emptyRow('a"} 1\nevil 2', 's'), received: 1 }]);
    expect(text).toContain('kahets_messages_received_total{bucket="a\\"} 1\\nevil 2",stream="s"} 1');
    expect(text).not.toMatch(/^evil/m);
  });

  it('says how memory, connections and streams are', async () => {
    const waiting = { files: 2, bytes: 70, oldestMs: 1 };
    const backup = { type: 'file', to: undefined, replays: true, messages: 1, waiting };
    const spool = { files: 1, bytes: 7, oldestMs: 1 };
    const samples = await scrape(
      metricsAt(),
      [],
      documentOf([stream({ id: 'k', state: 'open', backup, spool, topicsInTrouble: 4 }), stream({ id: 'f' })]),
    );
    expect(Object.fromEntries(samples)).toMatchObject({
      kahets_held_bytes: 5,
      kahets_held_high_bytes: 10,
      kahets_memory_max_bytes: 30,
      kahets_memory_full: 1,
      kahets_connections: 3,
      kahets_ready: 1,
      'kahets_reloads_total{result="succeeded"}': 2,
      'kahets_reloads_total{result="failed"}': 1,
      'kahets_syncs_total{status="delivered"}': 4,
      'kahets_syncs_total{status="backed_up"}': 2,
      'kahets_syncs_total{status="dropped"}': 1,
      'kahets_stream_state{stream="k",state="starting"}': 0,
      'kahets_stream_state{stream="k",state="up"}': 0,
      'kahets_stream_state{stream="k",state="down"}': 0,
      'kahets_stream_state{stream="k",state="open"}': 1,
      'kahets_stream_state{stream="k",state="half_open"}': 0,
      'kahets_stream_state{stream="f",state="up"}': 1,
      'kahets_backup_files{stream="k"}': 3,
      'kahets_backup_bytes{stream="k"}': 77,
      'kahets_backup_files{stream="f"}': 0,
      'kahets_topics_in_trouble{stream="k"}': 4,
    });
  });

  it('forgets a stream that is there no more', async () => {
    const metrics = metricsAt();
    await scrape(metrics, [], documentOf([stream({ id: 'k' })]));
    const samples = await scrape(metrics, [], documentOf([stream({ id: 'f' })]));
    expect([...samples.keys()].filter((name) => name.includes('stream="k"'))).toEqual([]);
  });

  it('observes batches: their size by what closed them, and the time that each stream took from the oldest message on', async () => {
    const metrics = metricsAt(1_200);
    const [first, ...others] = batchOf('b', ['one', 'two', 'three']).frames.map((run, index) => ({
      ...run,
      arrivedMs: 1_000 + 100 * index,
    }));
    if (!first) throw new Error('expected a run');
    const batch = { ...batchOf('b', ['one', 'two', 'three'], 'time'), frames: [first, ...others] };
    metrics.settled({
      batch,
      outcomes: [
        outcomeOf('slow', batch, { delivered: 3 }),
        outcomeOf('fast', batch, { delivered: 1, sampledOut: 2, settledMs: 1_050 }),
        outcomeOf('idle', batch, { sampledOut: 3 }),
      ],
    });
    // Dropped while memory was full: it has no frames.
    metrics.settled({ batch: { ...batch, frames: [], closedBy: 'memory' }, outcomes: [outcomeOf('s', batch)] });
    const samples = await scrape(metrics);
    expect(Object.fromEntries(samples)).toMatchObject({
      'kahets_batch_size_bucket{le="2",closed_by="time"}': 0,
      'kahets_batch_size_bucket{le="5",closed_by="time"}': 1,
      'kahets_batch_size_sum{closed_by="time"}': 3,
      'kahets_batch_size_count{closed_by="memory"}': 1,
      'kahets_delivery_seconds_bucket{le="0.1",stream="slow"}': 0,
      'kahets_delivery_seconds_bucket{le="0.25",stream="slow"}': 1,
      'kahets_delivery_seconds_sum{stream="slow"}': 0.2,
      'kahets_delivery_seconds_sum{stream="fast"}': 0.05,
    });
    expect([...samples.keys()].filter((name) => name.startsWith('kahets_delivery_seconds_count'))).toEqual([
      'kahets_delivery_seconds_count{stream="slow"}',
      'kahets_delivery_seconds_count{stream="fast"}',
    ]);
  });

  it('takes no time for less than none, where the clock was put back', async () => {
    const metrics = metricsAt(-5);
    const batch = batchOf('b', ['one']);
    metrics.settled({ batch, outcomes: [outcomeOf('s', batch, { delivered: 1 })] });
    expect((await scrape(metrics)).get('kahets_delivery_seconds_sum{stream="s"}')).toBe(0);
  });

  it('counts what went to the backup, though it has left it since', async () => {
    const metrics = metricsAt();
    const batch = batchOf('b', ['one', 'two']);
    metrics.settled({
      batch,
      outcomes: [outcomeOf('s', batch, { backedUp: 2 }), outcomeOf('t', batch, { delivered: 2 })],
    });
    const samples = await scrape(metrics, [{ ...emptyRow('b', 's'), delivered: 2 }]);
    expect(samples.get('kahets_messages_backed_up_total{bucket="b",stream="s"}')).toBe(2);
    expect(samples.has('kahets_messages_backed_up_total{bucket="b",stream="t"}')).toBe(false);
    expect(samples.get('kahets_backup_messages{bucket="b",stream="s"}')).toBe(0);
  });

  it('has the metrics of the process, and the delay of its loop', async () => {
    const names = [...(await scrape(metricsAt())).keys()];
    expect(names).toEqual(
      expect.arrayContaining([
        'process_cpu_seconds_total',
        'process_resident_memory_bytes',
        'process_open_fds',
        'process_start_time_seconds',
        'nodejs_eventloop_lag_p99_seconds',
      ]),
    );
  });
});
