import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { pipe } from 'fp-ts/function';
import { tap } from 'rxjs';
import type { CheckedSink, Health, Sink, SinkKind, Spool, SpoolFile } from '../../model';

/** What a sink said of itself last. */
export interface SinkHealth {
  readonly health: Health;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Closed files that wait to be sent on. */
export interface Waiting {
  readonly files: number;
  readonly bytes: number;
  /** Milliseconds since 1970. Undefined: there is none, or the file system does not say. */
  readonly oldestMs: number | undefined;
}

export interface WatchedSinks {
  /** The same kinds; their sinks are seen when they are opened. */
  readonly kinds: Readonly<Record<string, SinkKind>>;
  /** Another kind, seen as these are. */
  readonly watch: (kind: SinkKind) => SinkKind;
  /** By the sink's name: that of its stream, or `STREAM.backup`. Undefined: it is not open, or has not said anything. */
  readonly healthOf: (name: string) => SinkHealth | undefined;
  /** As the last look found it. */
  readonly waitingOf: (name: string) => Waiting;
  /** Looks which files wait now, every few seconds at most. Waits for a disk that is slow, but not for long. */
  readonly look: () => Promise<void>;
}

const LOOK_EVERY_MS = 2_000;
const LOOK_WITHIN_MS = 250;

const nothingCloses = (): boolean => false;

/** The spool of a sink, and what it listed last. */
class WatchedSpool implements Spool {
  private listed: readonly SpoolFile[] = [];
  /** Who sends on goes first: the first listing closes what an earlier process has left open. */
  private isUsed = false;
  private looking: Promise<void> | undefined;
  private lookedMs = -Infinity;

  constructor(
    private readonly spool: Spool,
    private readonly now: () => number,
  ) {}

  files(closes: (bucket: string) => boolean): Promise<readonly SpoolFile[]> {
    this.isUsed = true;
    return this.list(closes);
  }

  /** Nothing is looked at any more. */
  close(): void {
    this.isUsed = false;
  }

  look(): Promise<void> {
    if (this.looking) return this.looking;
    // The clock may have been put back.
    if (!this.isUsed || Math.abs(this.now() - this.lookedMs) < LOOK_EVERY_MS) return Promise.resolve();
    this.lookedMs = this.now();
    this.looking = this.list(nothingCloses)
      // Who sends on tells of it.
      .catch(() => undefined)
      .then(() => (this.looking = undefined));
    return this.looking;
  }

  private async list(closes: (bucket: string) => boolean): Promise<readonly SpoolFile[]> {
    this.listed = await this.spool.files(closes);
    return this.listed;
  }

  waiting(): Waiting {
    const [oldest] = this.listed;
    return {
      files: this.listed.length,
      bytes: this.listed.reduce((sum, { bytes }) => sum + bytes, 0),
      oldestMs: oldest && oldest.madeMs > 0 ? oldest.madeMs : undefined,
    };
  }
}

interface Entry {
  said?: SinkHealth;
  readonly spool: WatchedSpool | undefined;
}

/** Notes what the sinks of these kinds say of themselves to those who use them. It delays nothing that they do. */
export const watchSinks = (kinds: Readonly<Record<string, SinkKind>>, now: () => number): WatchedSinks => {
  /** By name, in order of their opening. The last speaks for all: the one before it is on its way out. */
  const entries = new Map<string, readonly Entry[]>();
  const lastOf = (name: string): Entry | undefined => entries.get(name)?.at(-1);
  /** What the only one has said is told on. */
  const forget = (name: string, entry: Entry): void => {
    const others = entries.get(name)?.filter((other) => other !== entry) ?? [];
    if (others.length > 0) entries.set(name, others);
  };

  const watch = (name: string, sink: Sink): Sink => {
    const spool = sink.spool && new WatchedSpool(sink.spool, now);
    const entry: Entry = { spool };
    entries.set(name, [...(entries.get(name) ?? []), entry]);
    return {
      write: (batch, giveUp$) => sink.write(batch, giveUp$),
      ...(spool && { spool: { files: (closes) => spool.files(closes) } }),
      ...(sink.retries !== undefined && { retries: sink.retries }),
      health$: sink.health$.pipe(
        tap((health) => {
          const before = entry.said;
          entry.said = { health, sinceMs: before?.health.state === health.state ? before.sinceMs : now() };
        }),
      ),
      close: () => {
        spool?.close();
        forget(name, entry);
        return sink.close();
      },
    };
  };

  const watchChecked = (checked: CheckedSink): CheckedSink => ({
    ...checked,
    ...(checked.deadLetters && { deadLetters: watchChecked(checked.deadLetters) }),
    open: (env, options) =>
      pipe(
        checked.open(env, options),
        TE.map((sink) => watch(env.name, sink)),
      ),
  });

  const watchKind =
    (kind: SinkKind): SinkKind =>
    (settings, path) =>
      E.map(watchChecked)(kind(settings, path));

  return {
    kinds: Object.fromEntries(Object.entries(kinds).map(([type, kind]) => [type, watchKind(kind)])),
    watch: watchKind,
    healthOf: (name) => lastOf(name)?.said,
    waitingOf: (name) => lastOf(name)?.spool?.waiting() ?? { files: 0, bytes: 0, oldestMs: undefined },
    look: async () => {
      const late = new Promise<void>((resolve) => setTimeout(resolve, LOOK_WITHIN_MS).unref());
      await Promise.race([
        late,
        Promise.all([...entries.values()].flatMap((sinks) => sinks.at(-1)?.spool?.look() ?? [])),
      ]);
    },
  };
};
