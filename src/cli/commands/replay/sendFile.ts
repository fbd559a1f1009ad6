import { defaultIfEmpty, lastValueFrom, takeWhile, tap } from 'rxjs';
import type { Log } from '../../../model';
import { replayFile, type FileEvent, type ReplayFileOptions } from '../../../pipelines/replay/replayFile';
import { openSpoolFile } from '../../../spool/openSpoolFile';
import { forgetProgress } from '../../../spool/progress';
import type { Aside } from '../../../spool/setAside';

/** What became of a file. */
export interface FileReport {
  readonly path: string;
  /** Messages by what became of them. */
  readonly delivered: number;
  readonly deadLettered: number;
  /** Of these, those that may be there twice now. */
  readonly duplicatesPossible: number;
  /** `sent`: all of it. */
  readonly state: 'sent' | 'left';
  /** Bytes that are settled. */
  readonly sentBytes: number;
  /** What was no message. */
  readonly aside?: Aside;
  /** Why something is left; undefined: there was no more time. */
  readonly left?: { readonly kind: 'unavailable' | 'refused'; readonly message: string };
}

export interface SendFileOptions extends Pick<
  ReplayFileOptions,
  'stream' | 'write' | 'rate' | 'stop$' | 'giveUp$' | 'scheduler'
> {
  /** Whether the file stays when all of it is sent. */
  readonly keep: boolean;
  readonly log: Log;
  /** Told of the bytes of the file that are settled, after each window. */
  readonly onSent: (bytes: number) => void;
}

const droppedIn = (event: FileEvent): number =>
  event.kind === 'end'
    ? 0
    : event.outcomes.flatMap(({ dropped }) => dropped).reduce((sum, { count }) => sum + count, 0);

/** Why a window is not settled. */
const reasonOf = (event: FileEvent | undefined): FileReport['left'] => {
  if (event === undefined || event.kind === 'end') return undefined;
  const dropped = droppedIn(event);
  if (dropped > 0) {
    const buckets = event.outcomes.filter((outcome) => outcome.dropped.length > 0).map(({ batch }) => batch.bucket);
    const message = `bytes ${event.start} to ${event.end}: ${dropped} messages of ${buckets.join(', ')} that no sink takes; expected a stream with a deadLetter for them`;
    return { kind: 'refused', message };
  }
  const [first] = event.left;
  return first && { kind: 'unavailable', message: `bytes ${event.start} to ${event.end}: ${first.cause.message}` };
};

/**
 * Sends one file on, from where it was left. What no sink takes stops it there, where the daemon would count it as dropped: it
 * is not for a command to lose what lies in a file.
 *
 * @throws SpoolError when the file cannot be read or changed, or another process sends it
 */
export const sendFile = async (path: string, options: SendFileOptions): Promise<FileReport> => {
  const { keep, log, onSent } = options;
  const counts = { delivered: 0, deadLettered: 0, duplicatesPossible: 0, sentBytes: 0 };
  const asides: Aside[] = [];
  const reader = await openSpoolFile(path, { log, onAside: (aside) => asides.push(aside) });
  const book = (event: FileEvent): void => {
    if (event.kind === 'end') return;
    for (const outcome of event.outcomes) {
      counts.delivered += outcome.delivered + outcome.backedUp;
      counts.deadLettered += outcome.deadLettered;
      counts.duplicatesPossible += outcome.duplicatesPossible;
    }
    if (reasonOf(event)) return;
    counts.sentBytes = event.end;
    onSent(event.end);
  };
  const events$ = replayFile(reader, options).pipe(
    tap(book),
    takeWhile((event) => droppedIn(event) === 0, true),
  );
  try {
    const last = await lastValueFrom(events$.pipe(defaultIfEmpty(undefined)));
    const left = reasonOf(last);
    const isSent = last?.kind === 'end';
    if (isSent && !keep) await reader.remove();
    else await reader.close(left === undefined && last !== undefined);
    if (isSent && keep) await forgetProgress(path);
    const [aside] = asides;
    return { path, ...counts, state: isSent ? 'sent' : 'left', ...(aside && { aside }), ...(left && { left }) };
  } catch (error) {
    await reader.close();
    throw error;
  }
};
