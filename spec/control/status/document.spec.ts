import * as E from 'fp-ts/Either';
import type { StreamConfig } from '../../../src/config/buckets';
import { createHeld } from '../../../src/control/held';
import { createLedger } from '../../../src/control/ledger';
import type { Monitored } from '../../../src/control/monitor';
import { statusDocument, type DocumentParts } from '../../../src/control/status/document';
import { readinessOf } from '../../../src/control/status/phase';
import { snapshotOf } from '../../../src/control/status/snapshot';
import type { SinkHealth, Waiting, WatchedSinks } from '../../../src/control/status/watchSinks';
import { emptyRow, type Ledger } from '../../../src/model';
import { planTopology } from '../../../src/pipelines/topology';
import { sinks } from '../../../src/sinks';
import { batchOf, outcomeOf, testEnv } from '../../../src/testing/builders';
import { backupConfig, bucketConfig } from '../../support/builders';

const reloads: Monitored['reloads'] = () => ({
  begun: 3,
  succeeded: 2,
  failed: 1,
  last: { atMs: 5, succeeded: false },
});

const NONE: Waiting = { files: 0, bytes: 0, oldestMs: undefined };

const stream = (id: string, parts: Partial<StreamConfig>): StreamConfig => ({
  ...{ id, type: 'blackhole', slice: 1, settings: {}, emptyKey: 'empty' },
  ...{ failover: { afterMs: 10_000, retryMs: 10_000 } },
  ...parts,
});

const STREAMS = [
  stream('kafka', {
    type: 'kafka',
    settings: { 'bootstrap.servers': 'k1:9092', 'sasl.password': 'hunter2' },
    backup: backupConfig('file', { path: '/backup/hunter2', fileNameTemplate: '{bucket}{PS}{ts}' }, { replay: true }),
  }),
  stream('copy', { type: 'file', settings: { path: '/copy' }, slice: 0.5 }),
];

const planned = (): ReturnType<Monitored['streams']> => {
  const plan = planTopology({ streams: STREAMS, buckets: [bucketConfig('b', ['kafka', 'copy'])] }, sinks);
  if (E.isLeft(plan)) throw new Error(JSON.stringify(plan.left));
  return plan.right.streams;
};

const partsOf = (
  ledger: Ledger,
  { health, waiting, ...parts }: { health?: SinkHealth; waiting?: Waiting } & Partial<DocumentParts> = {},
): DocumentParts => {
  const watched: WatchedSinks = {
    ...{ kinds: sinks, watch: (kind) => kind },
    healthOf: (name) => (name === 'kafka' ? health : undefined),
    look: () => Promise.resolve(),
    waitingOf: (name) => (name === 'kafka.backup' ? (waiting ?? NONE) : NONE),
  };
  return {
    daemon: {
      ...{ version: '1.2.3', pid: 7, hostname: 'here', socket: '/run/k.sock', pageFolder: '/page' },
      env: testEnv({ ledger, held: createHeld({ high: 1000, low: 500 }) }),
      ...{ marks: { max: 5000, high: 1000 }, memory: () => 3000, streams: planned, sinks: watched, reloads },
    },
    ...{
      startedMs: 1,
      readiness: readinessOf('listening', false),
      full: false,
      connections: 2,
      discards: [],
      lines: [],
    },
    hide: (text) => text.replaceAll('hunter2', '***'),
    snapshot: snapshotOf(ledger.rows(), 2000),
    ...parts,
  };
};

/** 5 messages to `b`: Kafka has 2, its backup 3; the file has 1, of the others it gets no sample. */
const someBooked = (): Ledger => {
  const ledger = createLedger();
  const batch = batchOf('b', ['1', '2', '3', '4', '5']);
  ledger.received('b', ['kafka', 'copy'])(5);
  const outcomes = [
    outcomeOf('kafka', batch, { delivered: 2, backedUp: 3 }),
    outcomeOf('copy', batch, { delivered: 1, sampledOut: 4 }),
  ];
  ledger.settled({ batch, outcomes });
  ledger.refused('malformed', 2);
  ledger.synced(1);
  return ledger;
};

describe('statusDocument', () => {
  it('tells of a daemon that has received nothing', () => {
    const document = statusDocument(partsOf(createLedger()));
    expect(document).toMatchObject({
      version: 1,
      daemon: {
        ...{ version: '1.2.3', pid: 7, hostname: 'here', socket: '/run/k.sock', startedMs: 1, nowMs: 2000 },
        ...{ phase: 'listening', ready: true, reasons: [], reloads: reloads() },
      },
      connections: 2,
      memory: { heldBytes: 0, highBytes: 1000, residentBytes: 3000, maxBytes: 5000, full: false },
      ...{ received: 0, refused: 0, buckets: { matching: 0, rows: [] } },
      syncs: { delivered: 0, backedUp: 0, dropped: 0 },
    });
    expect(document.streams.map(({ id, state }) => [id, state])).toEqual([
      ['kafka', 'starting'],
      ['copy', 'starting'],
    ]);
  });

  it('tells of each stream where it goes, how it is and what it has done', () => {
    const waiting = { files: 2, bytes: 99, oldestMs: 5 };
    const health: SinkHealth = { health: { state: 'down', cause: 'gone' }, sinceMs: 4 };
    const { streams } = statusDocument(partsOf(someBooked(), { health, waiting }));
    expect(streams).toEqual([
      expect.objectContaining({
        ...{ id: 'kafka', type: 'kafka', to: 'Kafka at k1:9092', slice: 1, state: 'down', sinceMs: 4, cause: 'gone' },
        totals: expect.objectContaining({ received: 5, delivered: 2, backedUp: 3 }) as unknown,
        backup: { type: 'file', to: 'files /backup/***/*/*', replays: true, messages: 3, waiting },
        deadLetter: { type: 'file', to: 'files /backup/***/*/*.dead' },
        spool: NONE,
      }),
      expect.objectContaining({
        ...{ id: 'copy', type: 'file', to: 'files /copy/*', slice: 0.5, backup: undefined, deadLetter: undefined },
        totals: expect.objectContaining({ received: 5, delivered: 1, sampledOut: 4 }) as unknown,
      }),
    ]);
  });

  it('counts a message once, and apart those that no bucket took', () => {
    const { received, refused, buckets } = statusDocument(partsOf(someBooked()));
    expect({ received, refused, rows: buckets.rows.length }).toEqual({ received: 7, refused: 2, rows: 2 });
  });

  it('names twenty of the buckets that a stream does not take', () => {
    const ledger = createLedger();
    for (let n = 0; n < 30; n += 1) ledger.state('kafka', `b${n}`, { state: 'open', cause: 'x' });
    const [{ topicsInTrouble, topics } = { topicsInTrouble: 0, topics: [] }] = statusDocument(partsOf(ledger)).streams;
    expect([topicsInTrouble, topics.length]).toEqual([30, 20]);
  });

  it('has the rows that are asked for: part of a name in any case, the fastest first', () => {
    const row = (bucket: string, received: number) => ({ ...emptyRow(bucket, 's'), received });
    const before = snapshotOf([row('Alpha', 100), row('beta', 0), row('alphabet', 0)], 1000);
    const snapshot = snapshotOf([row('Alpha', 100), row('beta', 9), row('alphabet', 5)], 2000, before);
    const asked = (query: Parameters<typeof statusDocument>[1]) => {
      const { buckets } = statusDocument(partsOf(createLedger(), { snapshot }), query);
      return [buckets.matching, ...buckets.rows.map(({ bucket }) => bucket)];
    };
    expect(asked({})).toEqual([3, 'Alpha', 'beta', 'alphabet']);
    expect(asked({ limit: 2 })).toEqual([3, 'beta', 'alphabet']);
    expect(asked({ bucket: 'ALPHA', limit: 5 })).toEqual([2, 'alphabet', 'Alpha']);
    expect(asked({ bucket: 'nothing' })).toEqual([0]);
  });

  it('shows no secret anywhere', () =>
    expect(JSON.stringify(statusDocument(partsOf(someBooked())))).not.toContain('hunter2'));
});
