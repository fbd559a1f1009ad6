import { Observable, type OperatorFunction, mergeMap, takeUntil } from 'rxjs';
import {
  type Batch,
  type Connection,
  type Decoded,
  type Env,
  type Frames,
  type Refused,
  type RefusedReason,
  type Sync,
  emptyOutcome,
  isFrames,
  isRefused,
  newOrigin,
} from '../model';
import { decodeFrames } from '../operators/decodeFrames';
import { type DecoderTables, createDecoderTables } from '../wire/decoder';
import type { HalfFrames } from './halfFrames';
import { Syncs } from './syncs';

export interface IngestOptions {
  readonly env: Pick<Env, 'held' | 'ledger' | 'log' | 'now'>;
  /** Bytes of the longest body taken. */
  readonly maxFrame: number;
  /** Whether a bucket's messages have a way to go. */
  readonly accepts: (bucket: string) => boolean;
  readonly halfFrames: HalfFrames;
  /** The streams of a bucket whose messages are dropped while memory is full. Default: there is no such bucket, clients wait. */
  readonly dropsTo?: (bucket: string) => readonly string[] | undefined;
}

const LOGGED_NAME_LENGTH = 64;

/** Clients choose it: it may be long, and may have line ends in it. */
const logged = (bucket: string): string => JSON.stringify(bucket.slice(0, LOGGED_NAME_LENGTH));

const messages: Readonly<Record<RefusedReason, string>> = {
  malformed: 'malformed frame skipped',
  too_large: 'frame too large, skipped',
  truncated: 'connection ended within a frame',
  not_frames: 'these are no frames, connection closed',
  no_such_bucket: 'no such bucket, messages dropped',
};

/**
 * Reads every connection at once and passes on the frames of buckets that are accepted.
 *
 *     connections  -1-----2---------|
 *     1              [ab]---[c]-|
 *     2                    [dd?]--|       ? is malformed: counted, logged, its bytes released
 *     frames       --ab----dd-c-----|
 *
 * Bytes are charged to `held` as they are read; what becomes no message is released, counted in the ledger and logged here.
 * Syncs are answered from here, where the connection can be answered.
 * A connection that fails or throws ends alone.
 */
export const ingest = (options: IngestOptions): OperatorFunction<Connection, Frames> => {
  const tables = createDecoderTables(false);
  return mergeMap((connection) => read(connection, options, tables));
};

/** The frames of one connection; one Observable and not a chain of operators, for clients that connect for ten messages. */
const read = (connection: Connection, options: IngestOptions, tables: DecoderTables): Observable<Frames> =>
  new Observable((subscriber) => {
    const { id, chunks$, answers } = connection;
    const { env, maxFrame, halfFrames } = options;
    const half = halfFrames.open(id, answers);
    const account = new Account(options, connection);
    subscriber.add(() => {
      half.close();
      account.close();
    });
    // A stall ends the bytes and not the decoding, which then counts what was cut off.
    const bytes$ = chunks$.pipe(takeUntil(half.stalled$));
    const decoded$ = bytes$.pipe(
      decodeFrames({
        maxFrame,
        now: env.now,
        origin: newOrigin(),
        nextOrigin: answers && newOrigin,
        tables,
        beforeChunk: (bytes) => account.charge(bytes),
        afterChunk: (pendingBytes) => {
          half.progress(pendingBytes, account.turn());
          const dropping = account.dropping();
          if (dropping !== undefined) half.dropping(dropping);
        },
      }),
    );
    const fail = (error: unknown): void => {
      env.log.error('connection failed', { connection: id, error: String(error) });
      subscriber.complete();
    };
    return decoded$.subscribe({
      next: (decoded) => {
        try {
          if (account.passes(decoded)) subscriber.next(decoded);
        } catch (error) {
          fail(error);
        }
      },
      error: fail,
      complete: () => {
        if (half.stalled) env.log.warn('half a frame made no progress, connection closed', { connection: id });
        subscriber.complete();
      },
    });
  });

/** The bytes of one connection between being read and becoming messages. */
class Account {
  private open = 0;
  private ended = false;
  /** Whether all messages since the last look were of buckets that drop. */
  private allDrop: boolean | undefined;
  /** Most connections have none. */
  private syncs: Syncs | undefined;

  constructor(
    private readonly options: IngestOptions,
    private readonly connection: Connection,
  ) {}

  charge(bytes: number): void {
    this.open += bytes;
    this.options.env.held.charge(bytes);
  }

  /** Whether it is frames that go on; books and releases what does not. */
  passes(decoded: Decoded): decoded is Frames {
    this.ended = true;
    if (!isFrames(decoded)) {
      if (isRefused(decoded)) this.refuse(decoded, { detail: decoded.detail });
      else this.sync(decoded);
      return false;
    }
    const { bucket, bytes, count, origin } = decoded;
    if (this.options.accepts(bucket)) {
      this.open -= bytes.length;
      return !this.drops(decoded);
    }
    origin.open -= count;
    origin.worst = 2;
    const refused = { reason: 'no_such_bucket', count, bytes: bytes.length } as const;
    this.refuse(refused, { bucket: logged(bucket) }, decoded);
    return false;
  }

  /** Whether a frame has ended since the last call. */
  turn(): boolean {
    const { ended } = this;
    this.ended = false;
    return ended;
  }

  /** Whether the messages since the last call were all of buckets that drop; undefined: there were none, or no such buckets. */
  dropping(): boolean | undefined {
    const { allDrop } = this;
    this.allDrop = undefined;
    return allDrop;
  }

  close(): void {
    this.options.env.held.release(this.open);
    this.open = 0;
  }

  private sync(sync: Sync): void {
    const { answers } = this.connection;
    const { env } = this.options;
    this.open -= sync.bytes;
    env.held.release(sync.bytes);
    if (!answers) return;
    this.syncs ??= new Syncs(answers, env);
    this.syncs.add(sync);
  }

  /** Drops the messages of a bucket that asks for it where memory is full: accepted, and dropped on each of its streams. */
  private drops({ bucket, bytes, count, origin }: Frames): boolean {
    const { dropsTo, env, halfFrames } = this.options;
    if (!dropsTo) return false;
    const streams = dropsTo(bucket);
    this.allDrop = streams !== undefined && this.allDrop !== false;
    if (!streams || !halfFrames.full) return false;
    origin.open -= count;
    origin.worst = 2;
    env.held.release(bytes.length);
    env.ledger.received(bucket, streams)(count);
    const batch: Batch = { bucket, frames: [], count, bytes: 0, closedBy: 'memory' };
    const dropped = [{ reason: 'memory_full', count }];
    env.ledger.settled({ batch, outcomes: streams.map((stream) => ({ ...emptyOutcome(stream, batch), dropped })) });
    env.log.warn('memory is full, messages dropped', { bucket: logged(bucket), count });
    return true;
  }

  private refuse(
    { reason, count, bytes }: Pick<Refused, 'reason' | 'count' | 'bytes'>,
    found: object,
    frames?: Frames,
  ): void {
    const { held, ledger, log } = this.options.env;
    this.open -= bytes;
    held.release(bytes);
    // More bytes of a frame that is counted already.
    if (count === 0) return;
    ledger.refused(reason, count, frames);
    log.warn(messages[reason], { connection: this.connection.id, count, ...found });
  }
}
