import type { SyncCounts } from '../../model';
import { NO_BUCKET } from '../ledger';
import type { Monitored } from '../monitor';
import type { ReloadCounts } from '../reload';
import type { Discard } from './discards';
import type { Phase, Readiness } from './phase';
import { placeOf, type Place } from './places';
import type { LogLine } from './recentLines';
import type { RatedRow, Snapshot } from './snapshot';
import { conditionOf, rowsByStream, topicsOf, type StreamCondition, type TopicCondition } from './streamStates';
import { receivedOf, totalsOf, type Totals } from './totals';
import { STATUS_VERSION } from './version';
import type { Waiting } from './watchSinks';

/** Of a stream's buckets that are in trouble so many are told by name. */
const MOST_TOPICS = 20;

export interface BackupStatus extends Place {
  /** Whether what it took is sent on when the stream works again. */
  readonly replays: boolean;
  /** Messages that lie in it now. */
  readonly messages: number;
  /** Of these, closed files that wait to be sent on. */
  readonly waiting: Waiting;
}

export interface StreamStatus extends Place, StreamCondition {
  readonly id: string;
  /** The share of messages that it gets. */
  readonly slice: number;
  readonly totals: Totals;
  readonly backup: BackupStatus | undefined;
  /** What a stop or a crash has left, which waits to be sent on. */
  readonly spool: Waiting;
  readonly deadLetter: Place | undefined;
  /** Buckets that it does not take, though it takes others: how many, and the first of them. */
  readonly topicsInTrouble: number;
  readonly topics: readonly TopicCondition[];
}

/** What `/status.json` says. docs/http.md explains every field. */
export interface StatusDocument {
  readonly version: typeof STATUS_VERSION;
  readonly daemon: {
    readonly version: string;
    readonly pid: number;
    readonly hostname: string;
    readonly startedMs: number;
    readonly nowMs: number;
    readonly socket: string;
    readonly phase: Phase;
    readonly ready: boolean;
    /** Why it is not ready. */
    readonly reasons: readonly string[];
    /** Of the configuration. */
    readonly reloads: ReloadCounts;
  };
  readonly connections: number;
  readonly memory: {
    readonly heldBytes: number;
    /** At so many bytes held reading pauses. */
    readonly highBytes: number;
    readonly residentBytes: number;
    /** MAXMEMORY. */
    readonly maxBytes: number;
    /** Whether reading pauses. */
    readonly full: boolean;
  };
  /** Messages that clients have sent, each once; and of these, those that no bucket took. */
  readonly received: number;
  readonly refused: number;
  /** Answered since the start. */
  readonly syncs: SyncCounts;
  readonly streams: readonly StreamStatus[];
  readonly buckets: {
    /** Rows that match, of which `rows` may be a part. */
    readonly matching: number;
    readonly rows: readonly RatedRow[];
  };
  readonly discards: readonly Discard[];
  /** The last warnings and errors of the log, the latest first. */
  readonly lines: readonly LogLine[];
}

/** Which rows of buckets are asked for. */
export interface RowQuery {
  /** Buckets whose name contains this, in any case. Default: all. */
  readonly bucket?: string | undefined;
  /** At most so many, the fastest first. Default: all, in order of their coming. */
  readonly limit?: number | undefined;
}

export interface DocumentParts {
  readonly daemon: Monitored;
  readonly startedMs: number;
  readonly readiness: Readiness;
  readonly full: boolean;
  readonly connections: number;
  readonly snapshot: Snapshot;
  readonly discards: readonly Discard[];
  readonly lines: readonly LogLine[];
  readonly hide: (text: string) => string;
}

const busiestFirst = (one: RatedRow, other: RatedRow): number =>
  (other.perSecond ?? 0) - (one.perSecond ?? 0) || other.received - one.received;

const pick = (rows: readonly RatedRow[], { bucket = '', limit }: RowQuery): StatusDocument['buckets'] => {
  const part = bucket.toLowerCase();
  const matching = part === '' ? rows : rows.filter((row) => row.bucket.toLowerCase().includes(part));
  return {
    matching: matching.length,
    rows: limit === undefined ? matching : [...matching].sort(busiestFirst).slice(0, limit),
  };
};

const streamsOf = ({
  daemon: { env, sinks, streams },
  snapshot: { rows },
  hide,
}: DocumentParts): readonly StreamStatus[] => {
  const states = env.ledger.states();
  const byStream = rowsByStream(rows);
  return streams().map(({ config, primary, backup, deadLetter }) => {
    const { id, slice } = config;
    const totals = totalsOf(byStream.get(id) ?? []);
    const health = sinks.healthOf(id);
    const topics = topicsOf(id, states, health);
    return {
      id,
      ...placeOf(config.type, primary, hide),
      slice,
      ...conditionOf(id, states, health),
      totals,
      backup:
        config.backup && backup
          ? {
              ...placeOf(config.backup.type, backup, hide),
              replays: config.backup.replay !== false,
              messages: totals.backedUp,
              waiting: sinks.waitingOf(`${id}.backup`),
            }
          : undefined,
      spool: sinks.waitingOf(`${id}.spool`),
      // Without one of its own they are in files beside the backup.
      deadLetter: deadLetter && placeOf(config.deadLetter?.type ?? 'file', deadLetter, hide),
      topicsInTrouble: topics.length,
      topics: topics.slice(0, MOST_TOPICS),
    };
  });
};

/** All that is told of the daemon, at a moment. */
export const statusDocument = (parts: DocumentParts, query: RowQuery = {}): StatusDocument => {
  const { daemon, startedMs, readiness, full, connections, snapshot, discards, lines } = parts;
  const { version, pid, hostname, socket, env, marks, memory } = daemon;
  const { rows, atMs } = snapshot;
  return {
    version: STATUS_VERSION,
    daemon: { version, pid, hostname, startedMs, nowMs: atMs, socket, ...readiness, reloads: daemon.reloads() },
    connections,
    memory: {
      heldBytes: env.held.bytes,
      highBytes: marks.high,
      residentBytes: memory(),
      maxBytes: marks.max,
      full,
    },
    received: receivedOf(rows),
    refused: rows.find(({ bucket }) => bucket === NO_BUCKET)?.received ?? 0,
    syncs: env.ledger.syncs(),
    streams: streamsOf(parts),
    buckets: pick(
      rows.filter(({ bucket }) => bucket !== NO_BUCKET),
      query,
    ),
    discards,
    lines,
  };
};
