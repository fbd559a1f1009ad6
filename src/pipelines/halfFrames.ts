import { BehaviorSubject, type Observable, type SchedulerLike, Subject, ignoreElements, merge, tap } from 'rxjs';
import type { Answers, Held, Log } from '../model';
import { createDroppers, type Droppers } from './droppers';

/** Which connections may be read now. */
export type MayRead = (connection: number) => boolean;

export interface HalfFramesOptions {
  readonly held: Held;
  /** The mark at which reading stops, in bytes; half frames may hold half of it. */
  readonly highMark: number;
  /** A half frame that makes no progress for this long ends its connection. */
  readonly frameTimeoutMs: number;
  readonly scheduler: SchedulerLike;
  /** Whether there are buckets now whose messages are dropped while memory is full, so that their clients are read on. Default: no. */
  readonly drops?: () => boolean;
  /** Told when clients have to wait. */
  readonly log?: Pick<Log, 'warn' | 'debug'>;
}

/** What one connection tells of its half frame. */
export interface HalfFrame {
  /** Emits when the frame made no progress for too long. */
  readonly stalled$: Observable<void>;
  /** Whether it has emitted. */
  readonly stalled: boolean;
  /** `bytes` of a frame have come that is not whole (0: none); `fresh`: it is another frame than at the last call. */
  progress(bytes: number, fresh: boolean): void;
  /** The messages of the latest chunk: whether all of them are of buckets that drop. Means something with `drops` alone. */
  dropping(all: boolean): void;
  /** The connection has ended. */
  close(): void;
}

/** The half frames of all connections: who may be read, and who has stalled. */
export interface HalfFrames {
  /** The latest first, then every change. For the sources. */
  readonly reading$: Observable<MayRead>;
  /** Whether memory is full, as long as somebody listens to `reading$`. */
  readonly full: boolean;
  /** @param answers of the connection, where it has some */
  open(connection: number, answers?: Pick<Answers, 'isWaiting'>): HalfFrame;
}

const TICKS_A_TIMEOUT = 16;
const MAX_TICK_MS = 500;

const anybody: MayRead = () => true;

class OpenHalfFrame implements HalfFrame {
  readonly stalled$ = new Subject<void>();
  stalled = false;
  bytes = 0;
  /** How long it has made no progress though it was read. */
  idleMs = 0;

  constructor(
    readonly connection: number,
    private readonly answers: Pick<Answers, 'isWaiting'> | undefined,
    private readonly all: AllHalfFrames,
  ) {}

  get isWaiting(): boolean {
    return this.answers?.isWaiting === true;
  }

  progress(bytes: number, fresh: boolean): void {
    if (bytes > 0 || this.bytes > 0) this.all.change(this, bytes, fresh);
  }

  dropping(all: boolean): void {
    this.all.droppers?.mark(this.connection, all);
  }

  close(): void {
    this.progress(0, true);
    this.all.marks.forget(this.connection);
  }
}

class AllHalfFrames implements HalfFrames {
  readonly reading$: Observable<MayRead>;
  private readonly mayRead$ = new BehaviorSubject(anybody);
  /** By connection, the oldest first. */
  private readonly halves = new Map<number, OpenHalfFrame>();
  readonly marks: Droppers;
  private readonly limit: number;
  private readonly tickMs: number;
  private total = 0;
  full = false;
  private ticking = false;
  /** As of the latest review. */
  private only: OpenHalfFrame | undefined;
  private isCrowded = false;
  private wasFull = false;

  constructor(private readonly options: HalfFramesOptions) {
    this.limit = options.highMark / 2;
    this.tickMs = Math.min(options.frameTimeoutMs / TICKS_A_TIMEOUT, MAX_TICK_MS);
    this.marks = createDroppers(options.held, options.highMark);
    const full$ = options.held.full$.pipe(
      tap((full) => {
        if (full !== this.full) this.tell(full);
        this.full = full;
        this.review();
      }),
      ignoreElements(),
    );
    this.reading$ = merge(full$, this.mayRead$);
  }

  /** Undefined: nobody is read while memory is full. */
  get droppers(): Droppers | undefined {
    return this.options.drops?.() === true ? this.marks : undefined;
  }

  open(connection: number, answers?: Pick<Answers, 'isWaiting'>): HalfFrame {
    return new OpenHalfFrame(connection, answers, this);
  }

  change(half: OpenHalfFrame, bytes: number, fresh: boolean): void {
    this.total += bytes - half.bytes;
    if (fresh || bytes === 0) this.halves.delete(half.connection);
    if (bytes > 0) this.halves.set(half.connection, half);
    half.bytes = bytes;
    // The first tick comes early by as much as this change comes late.
    half.idleMs = -this.tickMs;
    if (this.total > this.limit || this.only || this.full) this.review();
    if (!this.ticking && bytes > 0) this.tickLater();
  }

  private tell(full: boolean): void {
    const { held, log } = this.options;
    if (full) log?.warn('memory is full, clients wait', { heldBytes: held.bytes });
    else log?.debug('memory has room, clients are read', { heldBytes: held.bytes });
  }

  private review(): void {
    const isCrowded = this.total > this.limit;
    const only = this.oldest(isCrowded);
    if (only === this.only && isCrowded === this.isCrowded && this.full === this.wasFull) return;
    this.only = only;
    this.isCrowded = isCrowded;
    this.wasFull = this.full;
    const isOnly: MayRead = (connection) => connection === only?.connection;
    // Asked each time: a reload may change whether there are buckets that drop.
    const drops: MayRead = (connection) =>
      this.droppers?.mayRead(connection) === true && !(isCrowded && this.halves.has(connection));
    if (this.full) this.mayRead$.next((connection) => isOnly(connection) || drops(connection));
    else this.mayRead$.next(only ? isOnly : anybody);
  }

  /** Whose half frame goes first. Undefined: nobody's. */
  private oldest(isCrowded: boolean): OpenHalfFrame | undefined {
    const { droppers, full, halves, limit } = this;
    if (!full && !isCrowded) return undefined;
    // Where accepted messages fill the memory they will settle; where they do not, only whole frames help.
    const isCalm = !full || this.options.held.bytes - this.total <= limit / 2;
    for (const half of halves.values()) if (isCalm || droppers?.drops(half.connection)) return half;
    return undefined;
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
    for (const half of this.halves.values()) {
      if (!mayRead(half.connection) || half.isWaiting) continue;
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
 * With `drops`, connections of buckets that drop are read on while memory is full; of their half frames too only the oldest grows
 * once there are too many. A source asks again after each chunk.
 *
 * One timer serves all half frames, while there are some. The clock of one stands still while it is not read.
 */
export const createHalfFrames = (options: HalfFramesOptions): HalfFrames => new AllHalfFrames(options);
