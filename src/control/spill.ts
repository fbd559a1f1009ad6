import { join } from 'node:path';
import type { Batch, Frames, StreamOptions } from '../model';
import { drainFolder } from '../pipelines/replay/streamReplay';
import { toRecords } from '../wire/toRecords';
import { writeSpill, type Spill } from './spillFile';
import type { UnsettledParts } from './unsettled';

/** A file of the spool, or what should have been one. */
export interface Spilled extends Spill {
  /** Whose messages they are. Undefined: they go to all streams of their buckets. */
  readonly stream: string | undefined;
}

export interface SpillAllOptions {
  /** The spool, an absolute path. */
  readonly folder: string;
  readonly unsettled: Pick<UnsettledParts, 'gathered' | 'written'>;
  /** Of each stream: what becomes of an empty key. Default: it stays empty. */
  readonly emptyKeyOfStream: (stream: string) => StreamOptions['emptyKey'] | undefined;
  /** The same for what all streams of a bucket are to have. */
  readonly emptyKeyOf: (bucket: string) => StreamOptions['emptyKey'];
  readonly now: () => number;
}

/** Set aside at the start, since a process may end for want of memory. */
const BUFFER_BYTES = 256 * 1024;

/** The folder of what is accepted, and in no stream's hands yet. */
export const acceptedSpool = (spool: string): string => join(spool, 'accepted');

/**
 * Makes the function that writes all that is accepted and not settled to the spool: what open batches have gathered to
 * `accepted/TS.frames`, and the batches of each stream to `streams/ID/TS.frames`, as records with their time of arrival. It is
 * synchronous, needs little memory, writes what it can, and never throws. Call it once, as one of the last things.
 */
export const createSpill = ({
  folder,
  unsettled,
  emptyKeyOfStream,
  emptyKeyOf,
  now,
}: SpillAllOptions): (() => readonly Spilled[]) => {
  const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  return () => {
    const stem = String(Math.floor(now() / 1000));
    const byStream = new Map<string, Batch[]>();
    for (const { stream, batch } of unsettled.written()) {
      const batches = byStream.get(stream);
      if (batches) batches.push(batch);
      else byStream.set(stream, [batch]);
    }
    const ofStreams = [...byStream].map(([stream, batches]) => ({
      stream,
      ...writeSpill(runsOf(batches), {
        ...{ folder: drainFolder(folder, stream), stem, maybeTwice: true, buffer },
        encode: encoder(() => emptyKeyOfStream(stream)),
      }),
    }));
    const gathered = [...unsettled.gathered()];
    if (gathered.length === 0) return ofStreams;
    const options = { folder: acceptedSpool(folder), stem, maybeTwice: false, buffer, encode: encoder(emptyKeyOf) };
    return [...ofStreams, { stream: undefined, ...writeSpill(gathered, options) }];
  };
};

const runsOf = function* (batches: readonly Batch[]): Generator<Frames> {
  // What was recovered lies in the file that it comes from.
  for (const { frames } of batches) for (const run of frames) if (!run.origin.recovered) yield run;
};

/** Where memory is too short for records the frames go as they are: they lose their time of arrival. */
const encoder =
  (emptyKeyOf: (bucket: string) => StreamOptions['emptyKey'] | undefined) =>
  (run: Frames): Buffer => {
    try {
      return toRecords(run, emptyKeyOf(run.bucket));
    } catch {
      return run.bytes;
    }
  };

/** Messages that are in the spool, and messages that are nowhere: counted for each stream, those of open batches once. */
export const totalsOf = (spilled: readonly Spilled[]): { readonly spooled: number; readonly lost: number } => ({
  spooled: spilled.reduce((sum, { file }) => sum + (file?.messages ?? 0), 0),
  lost: spilled.reduce((sum, { lost }) => [...lost.values()].reduce((all, count) => all + count, sum), 0),
});
