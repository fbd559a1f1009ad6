import {
  BehaviorSubject,
  catchError,
  combineLatest,
  concat,
  concatMap,
  defer,
  EMPTY,
  filter,
  finalize,
  mergeMap,
  type Observable,
  type ObservableInput,
  repeat,
  take,
  takeWhile,
} from 'rxjs';
import type { Env, Frames, Settled } from '../model';
import type { AcceptedFile } from '../spool/acceptedFiles';
import { wasLost } from './journal';

export interface RecoverOptions extends Pick<Env, 'held' | 'log'> {
  /** Emits when what lies in the spool may be taken up. */
  readonly owned$: Observable<unknown>;
  /** Paths of the files, the oldest first. */
  readonly list: () => ObservableInput<readonly string[]>;
  readonly open: (path: string) => ObservableInput<AcceptedFile>;
  /** Whether a bucket's messages have a way to go. */
  readonly accepts: (bucket: string) => boolean;
  /** Recovered messages may hold about this much of the memory. */
  readonly mostBytes: number;
}

/** What earlier processes had accepted, on its way once more. */
export interface Recovery {
  /** Runs with an origin that is marked as recovered. Never fails. What was read when it is unsubscribed from settles all the same. */
  readonly frames$: Observable<Frames>;
  /** Told of every settled batch: a file goes when all of it has settled and nothing of it was dropped. */
  readonly settled: (settled: Settled) => void;
  /** Resolves when nothing is being deleted any more. */
  readonly close: () => Promise<void>;
}

/** A file, and what of it is on its way. */
interface Reading {
  readonly file: AcceptedFile;
  open: number;
  ended: boolean;
  /** Something of it must be taken up by another start. */
  stays: boolean;
}

class AcceptedRecovery implements Recovery {
  readonly frames$: Observable<Frames>;
  private readonly readings = new WeakMap<object, Reading>();
  private readonly bytes$ = new BehaviorSubject(0);
  private readonly strangers = new Set<string>();
  private readonly removals = new Set<Promise<void>>();

  constructor(private readonly options: RecoverOptions) {
    const { owned$, list } = options;
    this.frames$ = owned$.pipe(
      take(1),
      mergeMap(list),
      mergeMap((paths) => paths),
      concatMap((path) => this.read(path)),
      catchError((error: unknown) => this.fail('what lies there could not be listed', error)),
    );
  }

  readonly settled: Recovery['settled'] = (settled) => {
    if (this.bytes$.value === 0) return;
    let bytes = 0;
    for (const run of settled.batch.frames) {
      const reading = run.origin.recovered && this.readings.get(run.origin);
      if (!reading) continue;
      bytes += run.bytes.length;
      reading.open -= run.count;
      if (wasLost(settled)) reading.stays = true;
      this.removeIfDone(reading);
    }
    if (bytes > 0) this.bytes$.next(this.bytes$.value - bytes);
  };

  readonly close: Recovery['close'] = async () => {
    await Promise.all(this.removals);
  };

  private read(path: string): Observable<Frames> {
    return defer(() => this.options.open(path)).pipe(
      mergeMap((file) => this.runsOf({ file, open: 0, ended: false, stays: false })),
      catchError((error: unknown) => this.fail('a file could not be read', error)),
    );
  }

  private runsOf(reading: Reading): Observable<Frames> {
    const { file } = reading;
    const room$ = combineLatest([this.options.held.full$, this.bytes$]).pipe(
      filter(([full, bytes]) => !full && bytes < this.options.mostBytes),
      take(1),
    );
    const windows$ = room$.pipe(
      mergeMap(() => file.next()),
      repeat(),
      takeWhile((runs): runs is readonly Frames[] => runs !== undefined),
    );
    const end$ = defer(() => {
      reading.ended = true;
      this.removeIfDone(reading);
      return EMPTY;
    });
    return concat(windows$.pipe(mergeMap((runs) => runs.filter((run) => this.takes(run, reading)))), end$).pipe(
      finalize(() => void file.close()),
    );
  }

  /** Whether the run has a way to go; what has none keeps its file. */
  private takes(run: Frames, reading: Reading): boolean {
    const { bucket, bytes, count, origin } = run;
    if (!this.options.accepts(bucket)) {
      reading.stays = true;
      this.tellOf(bucket, reading.file.path);
      return false;
    }
    reading.open += count;
    this.readings.set(origin, reading);
    this.options.held.charge(bytes.length);
    this.bytes$.next(this.bytes$.value + bytes.length);
    return true;
  }

  private tellOf(bucket: string, path: string): void {
    if (this.strangers.has(bucket)) return;
    this.strangers.add(bucket);
    this.options.log.warn('recovery: messages of an earlier process have no bucket; their file stays until they have', {
      ...{ path, bucket },
      advice: 'configure the bucket and start again, or remove the file',
    });
  }

  private removeIfDone({ file, open, ended, stays }: Reading): void {
    if (!ended || open > 0 || stays) return;
    const removal = file
      .remove()
      .then(() => this.options.log.info('recovery: all of a file has settled', { path: file.path }))
      .catch((error: unknown) => this.tell('a file that is not needed any more could not be removed', error))
      .finally(() => this.removals.delete(removal));
    this.removals.add(removal);
  }

  private fail(what: string, error: unknown): Observable<never> {
    this.tell(what, error);
    return EMPTY;
  }

  private tell(what: string, error: unknown): void {
    this.options.log.error(`recovery: ${what}`, { cause: String(error) });
  }
}

/**
 * Brings in what earlier processes had accepted and not settled, beside what is live and like it: runs wait while memory is full, and
 * while much of what was recovered has not settled.
 *
 *     owned$    --o
 *     files       (ab)-c|          two files
 *     frames$   --(ab)-c|
 *
 * A file that cannot be read is logged and stays; so does one with messages that have no bucket any more.
 */
export const recover = (options: RecoverOptions): Recovery => new AcceptedRecovery(options);
