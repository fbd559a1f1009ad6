import type { Task } from 'fp-ts/Task';
import {
  asyncScheduler,
  firstValueFrom,
  map,
  merge,
  take,
  timer,
  type Observable,
  type SchedulerLike,
  type Subscription,
} from 'rxjs';
import type { Frames, Log, StreamOptions } from '../model';
import { toRecords } from '../wire/toRecords';
import { createJournalLog, type JournalLog } from './journalLog';
import { createEntryQueue, type Entry, type Place } from './journalQueue';
import type { JournalSegment, SegmentTroubles } from './journalSegment';
import type { ProcessIdentity } from './processes';
import { createSegmentFolder, type SegmentFolder } from './segmentFolder';

export interface SegmentsOptions {
  /** Made when the first run is written, removed at the end where nothing is left in it. */
  readonly folder: string;
  /** When it has emitted, runs that cannot be written go on without it; it must replay. */
  readonly stop$: Observable<unknown>;
  readonly log: Log;
  /** Called before the folder is made: says that this process writes to the spool. */
  readonly claim?: Task<void>;
  /** Default: `asyncScheduler`. */
  readonly scheduler?: SchedulerLike;
  /** A segment of so many bytes is written to no more. Default: 8 MB. */
  readonly rotateBytes?: number;
  /** Whose the segments are. Default: this process. */
  readonly owner?: () => Promise<ProcessIdentity | undefined>;
}

/** What journaled buckets write ahead: runs lie in segments until they have settled on all streams. */
export interface Segments {
  /**
   * Resolves when the runs lie in a segment, as records with their time of arrival, so that they outlive this process. While that
   * fails it tries again, as long as it takes; at a stop it resolves all the same. Never rejects.
   *
   * @param emptyKey what becomes of a key of length 0 in a version 1 frame. Default: it stays empty
   */
  readonly append: (runs: readonly Frames[], emptyKey?: StreamOptions['emptyKey']) => Promise<void>;
  /** Lets go what has settled; where it was lost here, it stays on disk for the next start. */
  readonly settled: (runs: readonly Frames[], lost: boolean) => void;
  /** Ends the writing. What has not settled stays on disk. */
  readonly close: () => Promise<void>;
}

const ROTATE_BYTES = 8 * 1024 * 1024;
const SYNC_MS = 1000;
const RETRY_MS = 500;
/** Sealed segments may take so many times the bytes that are live in them, and as many segments more, before runs move. */
const SPACIOUS = 4;

class SegmentChain implements Segments {
  private current: JournalSegment | undefined;
  private readonly sealed = new Set<JournalSegment>();
  /** Of each run that has not settled. */
  private readonly places = new Map<Frames, Place>();
  private readonly queue = createEntryQueue((group) => this.write(group));
  private readonly scheduler: SchedulerLike;
  private readonly rotateBytes: number;
  private readonly troubles: SegmentTroubles = {
    syncFailed: (segment, error) => this.replace(segment, error),
    leftBehind: (segment, error) => this.says.leftBehind(segment, error),
  };
  private readonly folder: SegmentFolder;
  private readonly says: JournalLog;
  private alarm: Subscription | undefined;
  private closing = false;

  constructor(private readonly options: SegmentsOptions) {
    this.scheduler = options.scheduler ?? asyncScheduler;
    this.rotateBytes = options.rotateBytes ?? ROTATE_BYTES;
    this.folder = createSegmentFolder(options);
    this.says = createJournalLog(options);
  }

  readonly append: Segments['append'] = (runs, emptyKey) =>
    new Promise((written) => this.queue.add({ runs, emptyKey, written }));

  readonly settled: Segments['settled'] = (runs, lost) => {
    for (const run of runs) {
      const segment = this.places.get(run)?.segment;
      // It lies in a file of an earlier process, or went on without the journal.
      if (!segment) continue;
      this.places.delete(run);
      if (lost) this.keep(segment);
      segment.release(run.bytes.length);
    }
  };

  readonly close: Segments['close'] = async () => {
    this.closing = true;
    await this.queue.whenEmpty();
    this.alarm?.unsubscribe();
    this.sealCurrent();
    await Promise.all([...this.sealed].map((segment) => segment.whenIdle()));
    await this.folder.remove();
  };

  private async write(group: readonly Entry[]): Promise<void> {
    for (;;) {
      try {
        await this.tryToWrite(group);
        this.says.written();
        return;
      } catch (error) {
        this.sealCurrent();
        this.says.cannotWrite(error);
      }
      if (await this.isStoppedWithin(RETRY_MS)) {
        this.says.goOnWithout();
        return;
      }
    }
  }

  private async tryToWrite(group: readonly Entry[]): Promise<void> {
    const records = group.flatMap((entry) => this.runsOf(entry).map((run) => toRecords(run, entry.emptyKey)));
    const segment = (this.current ??= await this.folder.create(this.troubles));
    await segment.write(records);
    if (segment.broken) throw new Error(`${segment.path}: what it holds could not be synced`);
    for (const entry of group) this.place(entry, segment);
    if (segment.bytes >= this.rotateBytes) {
      this.sealCurrent();
      this.makeRoom();
    } else this.tickLater();
  }

  /** Of what moves, only what has not settled yet. */
  private runsOf({ runs, from }: Entry): readonly Frames[] {
    return from ? runs.filter((run) => this.places.get(run)?.segment === from) : runs;
  }

  private place(entry: Entry, segment: JournalSegment): void {
    const place: Place = { segment, emptyKey: entry.emptyKey };
    for (const run of this.runsOf(entry)) {
      segment.hold(run.bytes.length);
      this.places.set(run, place);
      entry.from?.release(run.bytes.length);
    }
  }

  private sealCurrent(): void {
    const { current } = this;
    if (!current) return;
    this.current = undefined;
    current.seal();
    for (const segment of this.sealed) if (segment.gone && segment.isIdle) this.sealed.delete(segment);
    this.sealed.add(current);
  }

  /** Moves what has not settled out of the emptiest segment, so that few late runs do not keep many bytes on the disk. */
  private makeRoom(): void {
    const segments = [...this.sealed].filter(({ gone, kept, leaving }) => !gone && !kept && !leaving);
    const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0);
    const live = segments.reduce((sum, { liveBytes }) => sum + liveBytes, 0);
    if (bytes <= SPACIOUS * (live + this.rotateBytes)) return;
    this.move(segments.reduce((one, other) => (other.liveBytes < one.liveBytes ? other : one)));
  }

  private move(from: JournalSegment): void {
    from.leaving = true;
    for (const [run, { segment, emptyKey }] of this.places)
      if (segment === from) this.queue.add({ runs: [run], emptyKey, from });
  }

  private keep(segment: JournalSegment): void {
    if (segment.kept) return;
    segment.kept = true;
    this.says.keeps(segment);
  }

  private replace(segment: JournalSegment, error: unknown): void {
    this.says.cannotSync(segment, error);
    if (segment === this.current) this.sealCurrent();
    if (!this.closing) this.move(segment);
  }

  private isStoppedWithin(ms: number): Promise<boolean> {
    const stopped$ = this.options.stop$.pipe(map(() => true));
    return firstValueFrom(merge(stopped$, timer(ms, this.scheduler).pipe(map(() => false))).pipe(take(1)));
  }

  /** Every second while there is a segment: syncs it, or lets it go where nothing in it is needed. */
  private tickLater(): void {
    this.alarm ??= this.scheduler.schedule(() => {
      this.alarm = undefined;
      const { current } = this;
      if (!current) return;
      if (this.queue.isEmpty() && (current.live === 0 || current.kept)) this.sealCurrent();
      else {
        current.sync();
        this.tickLater();
      }
    }, SYNC_MS);
  }
}

/**
 * One chain of segments for all journaled buckets: what comes while a write is under way is written with the next, whatever its
 * bucket, so that buckets share writes, syncs and files.
 */
export const createSegments = (options: SegmentsOptions): Segments => new SegmentChain(options);
