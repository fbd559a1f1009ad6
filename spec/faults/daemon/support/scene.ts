/** What the cases of this folder share: the daemon in the case's own folder, streams to files, and the figures at its end. */
import { startDaemon, type Daemon, type DaemonOptions, type Ended } from '../../../support/daemon';
import type { FaultContext, FaultResult } from '../../faultCase';
import { lastLedger, stopFaults, sumOf } from '../../ledger';
import { together, type Found } from '../../oracle';
import type { Traffic } from '../../traffic';
import { watchMemory } from '../../watch';

/** The bucket of most cases, and where a plain stream puts it below the daemon's folder. */
export const BUCKET = 'bucket';
export const COPY = 'copy';

/** MAXMEMORY where a case sets none. */
const MAX_MEMORY_MB = 250;

/** A stream to files, with settings that win. */
export const toFiles = (
  folder: string,
  settings: Readonly<Record<string, unknown>> = {},
  options: Readonly<Record<string, unknown>> = {},
): unknown => ({
  type: 'file',
  settings: { path: folder, fileNameTemplate: '{bucket}{PS}{ts}', ...settings },
  ...options,
});

/** One bucket, {@link BUCKET}, that goes to all of `streams`; its batches are short. */
export const oneBucket = (
  streams: Readonly<Record<string, unknown>>,
  options: Readonly<Record<string, unknown>> = {},
): unknown => ({
  streamsConfigs: streams,
  buckets: [{ id: BUCKET, streams: Object.keys(streams), batch: 1000, batchTimeout: 20, ...options }],
});

/** Starts the daemon in the case's folder and waits until it listens. It ends with the case. */
export const startIn = ({ folder }: FaultContext, options: DaemonOptions): Promise<Daemon> =>
  startDaemon({ folder, ...options });

export interface Figures {
  readonly found: Found;
  readonly ended: Ended;
  readonly traffic?: Traffic;
  /** Of the resident set. */
  readonly peakMb?: number;
}

/** The result of a case whose daemon was stopped in order. */
export const resultOf = ({ found, ended, traffic, peakMb }: Figures): FaultResult => ({
  ...together([found]),
  duplicatesPossible: sumOf(lastLedger(ended), 'duplicatesPossible'),
  ...(traffic && { longestWaitMs: traffic.longestWaitMs() }),
  ...(peakMb !== undefined && { peakMb, maxMemoryMb: MAX_MEMORY_MB }),
  violations: stopFaults(ended),
});

/** Watches a daemon's memory until the case ends. */
export const peakOf = (context: FaultContext, daemon: Pick<Daemon, 'pid'>): (() => number) => {
  const { peakMb, end } = watchMemory(daemon.pid);
  context.atEnd(end);
  return peakMb;
};

/** Lets the fault last; what it does then is looked at, so that a longer or shorter while changes no verdict. */
export const lasts = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Fails the case where something that it needs did not happen. */
export const expectWithin = (waitedMs: number | undefined, what: string): number => {
  if (waitedMs === undefined) throw new Error(`${what}: not in time`);
  return waitedMs;
};
