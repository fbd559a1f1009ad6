import { defer, forkJoin, map, mergeMap, of, tap, type Observable } from 'rxjs';
import type { SpoolFile } from '../../model';
import type { ReplayOptions, ReplaySpool } from './options';

/** What is sent on in order: the files of one bucket, or files that may hold any. */
export type Lane = string;

/** Files of a backup whose template has no bucket. */
export const MIXED: Lane = 'mixed';
export const DRAIN: Lane = 'drain';
export const laneOf = (bucket: string): Lane => `bucket ${bucket}`;

export interface Listed {
  readonly file: SpoolFile;
  readonly lane: Lane;
}

/** Files that wait to be sent on, in the order in which they are to be. */
export interface Listing {
  readonly files: readonly Listed[];
  /** Whether that is all there is: what another process holds is not looked at. */
  readonly complete: boolean;
}

/** Lists, after it has closed the open files of lanes that `closes` allows. */
export type List = (closes: (lanes: readonly Lane[]) => boolean) => Observable<Listing>;

/**
 * Lists what the backup and the drain have left: first what earlier processes wrote to either, in the order in which they made the
 * files, then what this one has backed up.
 *
 * @param found is told of what they left in each of them when it is looked at first
 * @param isOwned whether the drain's folder is this process's
 */
export const createList = (
  { backup, drain, drainExists }: Pick<ReplayOptions, 'backup' | 'drain' | 'drainExists'>,
  found: (files: readonly SpoolFile[]) => void,
  isOwned: () => boolean,
): List => {
  const listBackup = tellingFirst(backup, found);
  const listDrain = tellingFirst(drain, found);
  const ofDrain = (closes: (bucket: string) => boolean): Observable<Listing> =>
    defer(() => (drain ? drainExists() : of(false))).pipe(
      mergeMap((exists) =>
        exists && isOwned()
          ? listDrain(closes).pipe(
              map((files) => ({ files: files.map((file) => ({ file, lane: DRAIN })), complete: true })),
            )
          : of({ files: [], complete: !exists }),
      ),
    );
  return (closes) =>
    forkJoin([listBackup((bucket) => closes([laneOf(bucket), MIXED])), ofDrain(() => closes([DRAIN]))]).pipe(
      map(([files, { files: ofDrain, complete }]) => {
        const ofBackup = files.map((file) => ({ file, lane: file.bucket === undefined ? MIXED : laneOf(file.bucket) }));
        const earlier = ofBackup.filter(({ file }) => !file.own);
        return { files: [...merged(earlier, ofDrain), ...ofBackup.filter(({ file }) => file.own)], complete };
      }),
    );
};

/** Each in its own order; of the others, those that were made before a file come before it. */
const merged = (files: readonly Listed[], others: readonly Listed[]): readonly Listed[] => {
  const waiting = [...others];
  const madeBefore = ({ file }: Listed): readonly Listed[] => {
    const end = waiting.findIndex((other) => other.file.madeMs >= file.madeMs);
    return waiting.splice(0, end < 0 ? waiting.length : end);
  };
  return [...files.flatMap((listed) => [...madeBefore(listed), listed]), ...waiting];
};

type ListOne = (closes: (bucket: string) => boolean) => Observable<readonly SpoolFile[]>;

const tellingFirst = (spool: ReplaySpool | undefined, found: (files: readonly SpoolFile[]) => void): ListOne => {
  let told = false;
  return (closes) =>
    defer(() => spool?.files(closes) ?? of([])).pipe(
      tap((files) => {
        if (!told) found(files.filter(({ own }) => !own));
        told = true;
      }),
    );
};
