import type { LedgerRow, StreamState } from '../../model';
import type { SinkHealth } from './watchSinks';

/**
 * What a stream is doing. `starting`: it is not open yet. `up`: messages flow. `down`: its sink cannot be reached, and messages wait
 * unless a backup takes them soon. `open`: its breaker is open, so they go to the backup. `half_open`: one batch tries the sink.
 */
export const STREAM_STATES = ['starting', 'up', 'down', 'open', 'half_open'] as const;
export type StreamStateName = (typeof STREAM_STATES)[number];

export interface StreamCondition {
  readonly state: StreamStateName;
  /** Milliseconds since 1970; undefined where nothing has happened yet. */
  readonly sinceMs: number | undefined;
  readonly cause: string | undefined;
}

const ofHealth = (known: SinkHealth | undefined): StreamCondition => {
  if (!known) return { state: 'starting', sinceMs: undefined, cause: undefined };
  const { health, sinceMs } = known;
  return health.state === 'down'
    ? { state: 'down', sinceMs, cause: health.cause }
    : { state: 'up', sinceMs, cause: undefined };
};

/** The breaker's word goes first: it says where messages go. */
export const conditionOf = (
  stream: string,
  states: readonly StreamState[],
  health: SinkHealth | undefined,
): StreamCondition => {
  const told = states.find((one) => one.stream === stream && one.bucket === undefined);
  if (!told || told.breaker.state === 'closed') return ofHealth(health);
  const { breaker, sinceMs } = told;
  return breaker.state === 'open'
    ? { state: 'open', sinceMs, cause: breaker.cause }
    : { state: 'half_open', sinceMs, cause: undefined };
};

/** A bucket whose messages the stream does not take, though it takes others. */
export interface TopicCondition extends StreamCondition {
  readonly bucket: string;
}

/** The buckets of a stream that are in trouble by themselves. */
export const topicsOf = (
  stream: string,
  states: readonly StreamState[],
  known: SinkHealth | undefined,
): readonly TopicCondition[] => {
  const told = states.filter((one) => one.stream === stream && one.bucket !== undefined);
  const open = new Set(told.map(({ bucket }) => bucket));
  const down = known?.health.state === 'topicsDown' ? [...known.health.topics] : [];
  return [
    ...told.map(({ bucket = '', breaker, sinceMs }) => ({
      bucket,
      state: breaker.state === 'halfOpen' ? ('half_open' as const) : ('open' as const),
      sinceMs,
      cause: breaker.state === 'open' ? breaker.cause : undefined,
    })),
    ...down
      .filter(([bucket]) => !open.has(bucket))
      .map(([bucket, cause]) => ({ bucket, state: 'down' as const, sinceMs: known?.sinceMs, cause })),
  ];
};

/** The rows of each stream. */
export const rowsByStream = (rows: readonly LedgerRow[]): ReadonlyMap<string, readonly LedgerRow[]> => {
  const streams = new Map<string, LedgerRow[]>();
  for (const row of rows) {
    const of = streams.get(row.stream);
    if (of) of.push(row);
    else streams.set(row.stream, [row]);
  }
  return streams;
};
