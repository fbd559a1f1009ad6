import { concatMap, defer, EMPTY, from, ignoreElements, tap, type Observable } from 'rxjs';
import type { FileSender } from './fileSender';
import { DRAIN, MIXED, type Lane, type Listed } from './listing';

/** Which lanes wait, since a file of theirs was not taken: what is behind it must not overtake it. */
export class Lanes {
  /** What is listed of each, in bytes. */
  private listed = new Map<Lane, number>();
  private blocked = new Set<Lane>();
  /** Nothing is sent any more: there is no more time, or no lane would get through. */
  halted = false;
  /** A file was left open that is to be sent on. */
  private staysOpen = false;

  /** @param strict whether files that may hold any bucket keep the order of all */
  constructor(private readonly strict: boolean) {}

  /** Everything is tried again. */
  retry(): void {
    this.blocked = new Set();
    this.halted = false;
  }

  block(lane: Lane): void {
    this.blocked.add(lane);
  }

  isBlocked(lane: Lane): boolean {
    if (this.halted || this.blocked.has(lane)) return true;
    return (
      this.strict && (this.blocked.has(MIXED) || this.blocked.has(DRAIN) || (lane === DRAIN && this.blocked.size > 0))
    );
  }

  /** Whether something is left for another round. */
  get isLeft(): boolean {
    return this.halted || this.staysOpen || this.blocked.size > 0;
  }

  /** Before the files are listed. */
  begin(): void {
    this.staysOpen = false;
  }

  note(files: readonly Listed[]): void {
    this.listed = new Map();
    for (const { file, lane } of files) this.listed.set(lane, this.bytesOf(lane) + file.bytes);
  }

  bytesOf(lane: Lane): number {
    return this.listed.get(lane) ?? 0;
  }

  /**
   * Whether an open file may be closed, to be sent on. Of a lane that waits one is enough, which finds out when it no longer has to:
   * else an outage would make a file each time it is tried.
   */
  mayClose(lanes: readonly Lane[], primaryIsOpen: boolean): boolean {
    const waits = primaryIsOpen || lanes.some((lane) => this.blocked.has(lane));
    const may = !waits || !lanes.some((lane) => this.listed.has(lane));
    if (!may) this.staysOpen = true;
    return may;
  }
}

/** Sends files on, one after the other, as far as their lanes get through. */
export const sendAll = (
  files: readonly Listed[],
  lanes: Lanes,
  sender: FileSender,
  isOpen: () => boolean,
): Observable<never> =>
  from(files).pipe(
    concatMap(({ file, lane }) =>
      defer(() => (lanes.isBlocked(lane) ? EMPTY : sender.send(file))).pipe(
        tap((result) => {
          if (result === 'sent') return;
          lanes.block(lane);
          if (result === 'stopped' || isOpen()) lanes.halted = true;
        }),
      ),
    ),
    ignoreElements(),
  );
