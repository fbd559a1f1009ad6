import { BehaviorSubject, type Observable, type SchedulerLike, Subject, ignoreElements, merge, tap } from 'rxjs';
import type { Held } from '../model';

/** Which connections may be read now. */
export type MayRead = (connection: number) => boolean;

export interface HalfFramesOptions {
  readonly held: Held;
  /** The mark at which reading stops, in bytes; half frames may hold half of it. */
  readonly highMark: number;
  /** A half frame that makes no progress for this long ends its connection. */
  readonly frameTimeoutMs: number;
  readonly scheduler: SchedulerLike;
}

/** What one connection tells of its half frame. */
export interface HalfFrame {
  /** Emits when the frame made no progress for too long. */
  readonly stalled$: Observable<void>;
  /** Whether it has emitted. */
  readonly stalled: boolean;
  /** `bytes` of a frame have come that is not whole (0: none); `fresh`: it is another frame than at the last call. */
  progress(bytes: number, fresh: boolean): void;
  /** The connection has ended. */
  close(): void;
}

/** The half frames of all connections: who may be read, and who has stalled. */
export interface HalfFrames {
  /** The latest first, then every change. For the sources. */
  readonly reading$: Observable<MayRead>;
  open(connection: number): HalfFrame;
}

const TICKS_A_TIMEOUT = 16;
const MAX_TICK_MS = 500;

const anybody: MayRead = () => true;
const nobody: MayRead = () => false;

class OpenHalfFrame implements HalfFrame {
  readonly stalled$ = new Subject<void>();
  stalled = false;
  bytes = 0;
  /** How long it has made no progress though it was read. */
  idleMs = 0;

  constructor(
    readonly connection: number,
    private readonly all: AllHalfFrames,
  ) {}

  progress(bytes: number, fresh: boolean): void {
    if (bytes > 0 || this.bytes > 0) this.all.change(this, bytes, fresh);
  }

  close(): void {
    this.progress(0, true);
  }
}

class AllHalfFrames implements HalfFrames {
  readonly reading$: Observable<MayRead>;
  private readonly mayRead$ = new BehaviorSubject(anybody);
  /** The oldest first. */
  private readonly halves = new Set<OpenHalfFrame>();
  private readonly limit: number;
  private readonly tickMs: number;
  private total = 0;
  private full = false;
  private ticking = false;
  private oldest: OpenHalfFrame | undefined;
  private onlyOldest = nobody;

  constructor(private readonly options: HalfFramesOptions) {
    this.limit = options.highMark / 2;
    this.tickMs = Math.min(options.frameTimeoutMs / TICKS_A_TIMEOUT, MAX_TICK_MS);
    const full$ = options.held.full$.pipe(
      tap((full) => {
        this.full = full;
        this.review();
      }),
      ignoreElements(),
    );
    this.reading$ = merge(full$, this.mayRead$);
  }

  open(connection: number): HalfFrame {
    return new OpenHalfFrame(connection, this);
  }

  change(half: OpenHalfFrame, bytes: number, fresh: boolean): void {
    this.total += bytes - half.bytes;
    if (fresh) this.halves.delete(half);
    if (bytes > 0) this.halves.add(half);
    else this.halves.delete(half);
    half.bytes = bytes;
    // The first tick comes early by as much as this change comes late.
    half.idleMs = -this.tickMs;
    if (this.total > this.limit || this.oldest) this.review();
    if (!this.ticking && bytes > 0) this.tickLater();
  }

  private review(): void {
    const [oldest] = this.total > this.limit ? this.halves : [];
    if (oldest !== this.oldest) {
      this.oldest = oldest;
      this.onlyOldest = (connection) => connection === oldest?.connection;
    }
    const mayRead = this.decide();
    if (mayRead !== this.mayRead$.value) this.mayRead$.next(mayRead);
  }

  private decide(): MayRead {
    if (!this.oldest) return this.full ? nobody : anybody;
    const accepted = this.options.held.bytes - this.total;
    return this.full && accepted > this.limit / 2 ? nobody : this.onlyOldest;
  }

  private tickLater(): void {
    this.ticking = true;
    this.options.scheduler.schedule(() => {
      this.ticking = false;
      this.review();
      this.age();
      if (this.halves.size > 0) this.tickLater();
    }, this.tickMs);
  }

  private age(): void {
    const { value: mayRead } = this.mayRead$;
    const stalled: OpenHalfFrame[] = [];
    for (const half of this.halves) {
      if (!mayRead(half.connection)) continue;
      half.idleMs += this.tickMs;
      if (half.idleMs >= this.options.frameTimeoutMs) stalled.push(half);
    }
    for (const half of stalled) {
      half.stalled = true;
      half.stalled$.next();
    }
  }
}

/**
 * Keeps half frames from filling the memory: over half of the high mark only the connection whose half frame is oldest is read,
 * until it is whole. So they cannot block each other for ever; nor can they block themselves through `held`: where accepted
 * messages are settled and half frames alone keep it full, the oldest is read all the same.
 *
 * One timer serves all half frames, while there are some. The clock of one stands still while it is not read.
 */
export const createHalfFrames = (options: HalfFramesOptions): HalfFrames => new AllHalfFrames(options);
