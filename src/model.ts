/**
 * The contracts of the house: types and small constructors, nothing that acts.
 *
 *     socket ─▶ Connection ─▶ Frames ─▶ Batch ─▶ Write ─▶ Receipt ─▶ Outcome ─▶ Settled
 */
import type { Either } from 'fp-ts/Either';
import type { Task } from 'fp-ts/Task';
import type { TaskEither } from 'fp-ts/TaskEither';
import type { Observable, SchedulerLike } from 'rxjs';

/** The worst that messages of a connection met: 0 delivered · 1 in a backup or dead letter · 2 dropped. */
export type Status = 0 | 1 | 2;

/** One epoch of a connection: its frames between two syncs. All of it is settled when `open` is 0, once no more of it comes. */
export interface Origin {
  /** Messages decoded or refused in this epoch. */
  messages: number;
  /** Messages not settled yet. */
  open: number;
  worst: Status;
  /** Each asks an open batch that holds messages of it to close soon. Undefined: none ever did. */
  gathering?: Set<() => void> | undefined;
  /** Told when `open` comes down to 0, from the sync that ends the epoch on. Undefined: nobody has asked yet. */
  settled?: (() => void) | undefined;
  /** No client's: read from what an earlier process left in the spool, which may have delivered it already. */
  readonly recovered?: boolean;
}

/** The epoch of a connection that begins. */
export const newOrigin = (): Origin => ({
  messages: 0,
  open: 0,
  worst: 0,
  gathering: undefined,
  settled: undefined,
});

/**
 * How a client is answered. While its connection owes answers it stays open behind the client's end of stream; one that owes too many,
 * or has too much that its client does not read, brings no more chunks.
 */
export interface Answers {
  /** One answer more is owed. */
  owe(): void;
  /** Whether it brings no more chunks until some of the owed are sent: its client can do nothing about that. */
  readonly isWaiting: boolean;
  /** Sends one that is owed, which may be the last thing that its connection does. Nothing where it is closed. */
  send(answer: Buffer): void;
}

/** A client's connection. Unsubscribing from `chunks$` before it completes closes it, whatever is owed. */
export interface Connection {
  readonly id: number;
  /** Default: this client cannot be answered. */
  readonly answers?: Answers;
  /**
   * The bytes as they come; each chunk is there until `next` returns, then others may be read into its memory. Completes at the client's
   * end of stream or when the connection breaks; never fails.
   */
  readonly chunks$: Observable<Buffer>;
}

/** What a source is told, and shares with the others of the daemon. */
export interface Intake {
  /** Which connections may be read. Each emission resumes and pauses the open ones; new ones ask the latest. */
  readonly reading$: Observable<(connection: number) => boolean>;
  /** The first emission: take no more connections, read what the clients have sent, and complete. It replays. */
  readonly stop$: Observable<unknown>;
  /** After a stop, emits when nothing more will be answered: what is open then is closed. It replays. */
  readonly answered$: Observable<unknown>;
  /** The id of one more connection, which no other connection of the daemon has. */
  readonly nextId: () => number;
  readonly log: Log;
}

/** Where connections come from. Fails where it cannot listen; a connection that breaks completes its `chunks$`. */
export type Source = (intake: Intake) => Observable<Connection>;

/**
 * Whole frames of one bucket out of one chunk, in wire form: a subarray where they lie together, else gathered by one copy. Those of a
 * batch stay as they are until the batch has settled; then their memory may be used again, so that a sink keeps none after its receipts.
 */
export interface Frames {
  readonly bucket: string;
  readonly bytes: Buffer;
  readonly count: number;
  readonly arrivedMs: number;
  readonly origin: Origin;
}

/**
 * Why bytes of a client became no message: `malformed` and `too_large` frames are skipped, `truncated` is a half frame at the
 * end of a connection, `not_frames` closes the connection (a length above 64 MB: HTTP, noise), `no_such_bucket` has no route.
 */
export type RefusedReason = 'malformed' | 'too_large' | 'truncated' | 'not_frames' | 'no_such_bucket';

/** Bytes that became no message, and how many messages they would have been (0: more bytes of one already counted). */
export interface Refused {
  readonly reason: RefusedReason;
  readonly count: number;
  readonly bytes: number;
  readonly origin: Origin;
  /** What was found and what was expected, for the log. Empty where `count` is 0. */
  readonly detail: string;
}

/** A client asks for an answer when all that it sent before is settled. It ends the epoch `origin`. */
export interface Sync {
  readonly token: number;
  readonly origin: Origin;
  /** Bytes of its frame. */
  readonly bytes: number;
}

/** The answer to a sync. */
export interface Synced {
  readonly token: number;
  /** The worst that those messages met, or worse: of a batch with some of them, what the worst of all its messages met. */
  readonly status: Status;
  /** Messages since the sync before it. */
  readonly messages: number;
}

/** How many of the messages of a batch are of one epoch. */
export type Debt = Pick<Frames, 'origin' | 'count'>;

export type Decoded = Frames | Refused | Sync;

export const isFrames = (decoded: Decoded): decoded is Frames => 'bucket' in decoded;

export const isRefused = (decoded: Decoded): decoded is Refused => 'reason' in decoded;

/** What closed a batch. */
export type Reason = 'count' | 'bytes' | 'time' | 'memory' | 'sync' | 'end';

export interface Batch {
  readonly bucket: string;
  readonly frames: readonly Frames[];
  /** Messages. */
  readonly count: number;
  /** Sum of the frames' bytes. */
  readonly bytes: number;
  readonly closedBy: Reason;
  /** Whose its messages are, where runs of several connections became one. Default: as its frames say. A part has those of the whole. */
  readonly debts?: readonly Debt[];
  /** Blocks that hold its messages and no others; a part has those of the whole. Default: its memory is nobody's to lend again. */
  readonly blocks?: readonly Buffer[];
  /** The bucket that its messages came in, where operators have given them another. Default: `bucket`. */
  readonly cameIn?: string;
}

/** What of `batch` is in these runs alone. */
export const narrowed = (batch: Batch, frames: readonly Frames[]): Batch => ({
  ...batch,
  frames,
  count: frames.reduce((sum, run) => sum + run.count, 0),
  bytes: frames.reduce((sum, run) => sum + run.bytes.length, 0),
});

/** A batch closes at `count` messages, `bytes` bytes or `ms` after its first frame, whichever is first. */
export interface BatchLimits {
  readonly count: number;
  readonly bytes: number;
  readonly ms: number;
}

/** Asks all open batches to close. */
export interface Close {
  readonly reason: 'memory';
}

/**
 * Why a sink could not take messages. `unavailable`: later it may (retry, backup). `poison`: this sink never takes these
 * messages. `gave_up`: it was told to stop trying. `unexpected`: a defect, or an error nobody classified.
 */
export interface Cause {
  readonly kind: 'unavailable' | 'poison' | 'gave_up' | 'unexpected';
  /** For people: what was found, where. Never a secret. */
  readonly message: string;
}

/** Messages without a receipt. `unknown`: they may be there, no acknowledgement came. */
export interface Rest {
  readonly batch: Batch;
  readonly cause: Cause;
  readonly written: 'no' | 'unknown';
}

/**
 * What has no receipt, and why. Law: receipts + rest = the batch, nothing twice. One that another copy of the package made, as a sink
 * from a module of the user's does, is an instance of it as well.
 */
export class SinkError extends Error {
  static override [Symbol.hasInstance](value: unknown): boolean {
    const { name, rest } = (typeof value === 'object' && value !== null ? value : {}) as Partial<SinkError>;
    return name === 'SinkError' && Array.isArray(rest);
  }

  override readonly name = 'SinkError';
  constructor(
    readonly sink: string,
    readonly rest: readonly Rest[],
  ) {
    super(`${sink}: ${rest.map(({ batch, cause }) => `${batch.count} messages: ${cause.message}`).join('; ')}`);
  }
}

/** Speaks for `batch`, which may be a part of the batch written. `maybeTwice`: backed up after an unknown outcome. */
export interface Receipt {
  readonly sink: string;
  readonly batch: Batch;
  readonly how: 'delivered' | 'backedUp' | 'deadLettered';
  readonly maybeTwice: boolean;
}

/**
 * Emits receipts, then completes, or fails with a {@link SinkError}. When `giveUp$` emits (deadline, breaker, drain; it
 * replays, so it may emit at once) it fails promptly with an exact `rest`; unsubscribing cancels nothing. The order of writes
 * of one bucket is the order of their subscriptions.
 */
export type Write = (batch: Batch, giveUp$: Observable<unknown>) => Observable<Receipt>;

/** Messages that went nowhere, counted by reason. */
export interface Drop {
  readonly reason: string;
  readonly count: number;
}

/** `closed`: batches flow; `open`: they fail at once, for `cause`; `halfOpen`: one of them tries the sink. */
export type BreakerState =
  { readonly state: 'closed' } | { readonly state: 'open'; readonly cause: string } | { readonly state: 'halfOpen' };

/** What became of a batch on one stream: exactly one, never an error. The counts and drops add up to `batch.count`. */
export interface Outcome {
  readonly stream: string;
  readonly batch: Batch;
  readonly delivered: number;
  readonly backedUp: number;
  readonly deadLettered: number;
  readonly dropped: readonly Drop[];
  readonly sampledOut: number;
  readonly duplicatesPossible: number;
  /** Of `backedUp`, how many lie there under the name of another bucket than the batch's. Default: none. */
  readonly backedUpAs?: ReadonlyMap<string, number>;
  /** When its stream was done with it, which may be before others are. Milliseconds since 1970. Default: when the batch settled. */
  readonly settledMs?: number;
}

/** An outcome that speaks for no message yet. */
export const emptyOutcome = (stream: string, batch: Batch): Outcome => ({
  stream,
  batch,
  delivered: 0,
  backedUp: 0,
  deadLettered: 0,
  dropped: [],
  sampledOut: 0,
  duplicatesPossible: 0,
});

/** Messages that an outcome speaks for. */
export const spokenFor = ({ delivered, backedUp, deadLettered, dropped, sampledOut }: Outcome): number =>
  dropped.reduce((sum, { count }) => sum + count, delivered + backedUp + deadLettered + sampledOut);

export type Deliver = (batch: Batch) => Observable<Outcome>;

/** One batch, settled on all of its streams. */
export interface Settled {
  readonly batch: Batch;
  readonly outcomes: readonly Outcome[];
}

/** `topicsDown`: the sink is up, but takes nothing for these buckets now; the value says why. */
export type Health =
  | { readonly state: 'up' }
  | { readonly state: 'down'; readonly cause: string }
  | { readonly state: 'topicsDown'; readonly topics: ReadonlyMap<string, string> };

/** A closed file of frames that waits to be sent on. */
export interface SpoolFile {
  readonly path: string;
  readonly bytes: number;
  /** The bucket of all its frames; undefined: it may hold several. */
  readonly bucket: string | undefined;
  /** Milliseconds since 1970; 0 where the file system does not say. */
  readonly madeMs: number;
  /** Whether this process has made it. */
  readonly own: boolean;
}

/** What a sink keeps on disk until it is sent on. Who sends a file on deletes it. */
export interface Spool {
  /**
   * Closes the open files of buckets that `closes` allows, then lists all closed files, the oldest first: what has a receipt is
   * in one of them. Rejects with the error of the file system.
   */
  readonly files: (closes: (bucket: string) => boolean) => Promise<readonly SpoolFile[]>;
}

export interface Sink {
  readonly write: Write;
  /** What was written and is to be sent on. Only where its options ask for it. */
  readonly spool?: Spool;
  /** Whether it tries again by itself, in order, what is unavailable. Default: no, `withRetry` does it. */
  readonly retries?: boolean;
  /**
   * The latest state first, then every change. Nobody but the sink finds out that `down` is over: nothing that was kept is sent on
   * meanwhile, and once a write has waited in it for 2 s, a backup takes all batches, with none that probes. Without a backup they come
   * as ever. For a bucket in `topicsDown` a batch probes now and then, whatever is said of it.
   */
  readonly health$: Observable<Health>;
  /** Called once, after the last write has ended. Never fails, never hangs. */
  readonly close: Task<void>;
}

/** One thing wrong in what the user configured: where, what was expected, what was found (never a secret). */
export interface Problem {
  readonly path: string;
  readonly expected: string;
  readonly got: string;
}

/** What a stream may hold before its backup takes over (without one: before what comes has to wait). */
export interface Share {
  readonly messages: number;
  readonly bytes: number;
}

/** Settings that passed their check: what they ask of the buckets that feed the sink, and how to open it. */
export interface CheckedSink {
  readonly warnings: readonly Problem[];
  /** Tightens the batches of the buckets that feed it. */
  readonly limits: Partial<BatchLimits>;
  /** After this many milliseconds a message that has no backup is given up. Undefined: never. */
  readonly deadlineMs: number | undefined;
  /** Names of what it alone may hold (a folder and template, say): two sinks with the same claim are an error. */
  readonly claims: readonly string[];
  /** Default: what the process may hold bounds all streams together. */
  readonly share?: Share | undefined;
  /** A sink beside it, for what no sink takes. Default: it has none. */
  readonly deadLetters?: CheckedSink | undefined;
  /**
   * Whether what it wrote can be sent on later, its sink having a spool when asked for: `perBucket`, each file is of one bucket;
   * `mixed`, it may hold several. Default: it cannot.
   */
  readonly replayable?: 'perBucket' | 'mixed' | undefined;
  /** What it is and where it writes, for people: `Kafka at kafka1:9092`. Default: the name of its kind says it. */
  readonly where?: string | undefined;
  /** Looks whether it could write. Default: only a message can tell. */
  readonly probe?: Probe | undefined;
  readonly open: OpenSink;
}

/** What a look at a place found: a broker, a topic, a folder. */
export interface Finding {
  readonly place: string;
  /** What is wrong and what to do, never a secret. Undefined: nothing is. */
  readonly problem?: string | undefined;
  /** What is good to know where nothing is wrong. */
  readonly note?: string | undefined;
}

/**
 * Looks at all that a sink needs to write the messages of `buckets`, and writes none. Never fails, and ends within `timeoutMs`
 * or little later.
 */
export type Probe = (
  env: Env,
  options: { readonly buckets: readonly string[]; readonly timeoutMs: number },
) => Promise<readonly Finding[]>;

/** Why a sink could not be opened at all; a broker that does not answer is no such reason. */
export interface OpenError {
  readonly sink: string;
  readonly message: string;
}

/** What a stream asks of its sink beside the sink's own settings. */
export interface StreamOptions {
  /** What becomes of a key of length 0 in a version 1 frame, which cannot tell it from none. */
  readonly emptyKey: 'empty' | 'null';
  /** After this long without an acknowledgement a backup takes over. Undefined: there is none. */
  readonly handOverMs: number | undefined;
  /** Whether what it takes is kept until it is sent on: with the time of arrival, and nothing is deleted to make room. */
  readonly spools: boolean;
}

export const NO_OPTIONS: StreamOptions = { emptyKey: 'empty', handOverMs: undefined, spools: false };

export type OpenSink = (env: Env, options: StreamOptions) => TaskEither<OpenError, Sink>;

/** JSON Schema, draft-07: what a value may be, and what people are told of it. */
export interface JsonSchema {
  /** What is taken, in words. */
  readonly title?: string;
  /** What it does. */
  readonly description?: string;
  readonly default?: unknown;
  readonly examples?: readonly unknown[];
  readonly type?: 'array' | 'boolean' | 'integer' | 'null' | 'number' | 'object' | 'string';
  readonly properties?: Readonly<Record<string, JsonSchema>>;
  readonly additionalProperties?: boolean | JsonSchema;
  readonly required?: readonly string[];
  readonly items?: JsonSchema;
  readonly anyOf?: readonly JsonSchema[];
  readonly allOf?: readonly JsonSchema[];
  /** All else that the standard, or an editor, has a meaning for. */
  readonly [keyword: string]: unknown;
}

/** Checks settings without acting, all problems at once. `path` is where they stand. */
export interface Decode<A> {
  (settings: unknown, path: string): Either<readonly Problem[], A>;
  /** What settings may be, for editors. Default: any object. */
  readonly schema?: JsonSchema | undefined;
}

/** A kind of sink, as the registry lists it. */
export type SinkKind = Decode<CheckedSink>;

/** What `defineSink` and `defineOperator` mark what they make with, so that a module's export can be told from any other function. */
export const MADE: unique symbol = Symbol.for('kahets.made');

/** A message, as an operator gets it. Its buffers are views of memory that is the operator's own. */
export interface Message {
  readonly bucket: string;
  /** `null`: none. A protocol of version 1 cannot tell that from a key of no bytes, which is what a message of it has then. */
  readonly key: Buffer | null;
  /** `null`: a tombstone. */
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [name: string, value: Buffer | null])[];
  /** Milliseconds since 1970: its own, or when it arrived. */
  readonly timestampMs: number;
}

/**
 * Makes of one message one or none, at once: `undefined` leaves it out. What it throws is the end of that message's way, in the dead
 * letters; and so is a promise, and all else that is no message.
 */
export type MessageOperator = (message: Message) => Message | undefined;

/** What an operator takes from outside, so that a test can give it something else. `name` is that of its stream. */
export type OperatorEnv = Pick<Env, 'name' | 'now' | 'random' | 'log'>;

/** Settings that passed their check, and how to open an operator with them. */
export interface CheckedOperator {
  /** Once for each stream, or for each pair of a bucket and its stream: what it keeps is of that alone. It may throw. */
  readonly open: (env: OperatorEnv) => MessageOperator;
}

/** A kind of operator, as a module exports it. */
export type OperatorKind = Decode<CheckedOperator>;

export type Level = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'fatal';

/** Structured log: a short constant message and fields. */
export type Log = Readonly<Record<Level, (message: string, fields?: Readonly<Record<string, unknown>>) => void>>;

/** A log of one function a level. */
export const logOf = (at: (level: Level) => Log[Level]): Log => ({
  trace: at('trace'),
  debug: at('debug'),
  info: at('info'),
  warn: at('warn'),
  error: at('error'),
  fatal: at('fatal'),
});

/** Bytes read from clients and not settled yet. */
export interface Held {
  readonly bytes: number;
  /** The mark at which reading pauses, unless the process is larger than it should be. */
  readonly high: number;
  charge(bytes: number): void;
  release(bytes: number): void;
  /** Whether reading must pause: from the high mark until down at the low mark. The current value first. */
  readonly full$: Observable<boolean>;
}

/** Counts of one bucket on one stream: received + recovered = delivered + backedUp + deadLettered + dropped + sampledOut + held. */
export interface LedgerRow {
  readonly bucket: string;
  readonly stream: string;
  readonly received: number;
  /** Left by an earlier process: accepted and not settled, or backed up and not sent on. */
  readonly recovered: number;
  readonly delivered: number;
  /** What lies in the backup now; what is sent on from there is delivered. */
  readonly backedUp: number;
  readonly deadLettered: number;
  readonly dropped: Readonly<Record<string, number>>;
  readonly sampledOut: number;
  readonly held: number;
  readonly duplicatesPossible: number;
}

/** A row in which nothing is booked. */
export const emptyRow = (bucket: string, stream: string): LedgerRow => ({
  bucket,
  stream,
  received: 0,
  recovered: 0,
  delivered: 0,
  backedUp: 0,
  deadLettered: 0,
  dropped: {},
  sampledOut: 0,
  held: 0,
  duplicatesPossible: 0,
});

/** Whether a stream takes messages, or, where `bucket` is given, the topic of one of its buckets. */
export interface StreamState {
  readonly stream: string;
  readonly bucket?: string;
  readonly breaker: BreakerState;
  /** Milliseconds since 1970. */
  readonly sinceMs: number;
}

/** Syncs that were answered, by the worst that their messages met. */
export interface SyncCounts {
  readonly delivered: number;
  /** In a backup or dead letter. */
  readonly backedUp: number;
  readonly dropped: number;
}

/** The books: every message is in exactly one column of its row at every moment. */
export interface Ledger {
  /** Opens the rows of a bucket once; call what it returns with the messages of each run. */
  received(bucket: string, streams: readonly string[]): (count: number) => void;
  /** Books what no bucket took, under the bucket `(none)`. */
  refused(reason: RefusedReason, count: number, frames?: Frames): void;
  settled(settled: Settled): void;
  /** As `received`, for messages that an earlier process had accepted: it may have delivered them, so that all may be twice. */
  recovered(bucket: string, streams: readonly string[]): (count: number) => void;
  /** Books messages that an earlier process left in a stream's backup, to be sent on. */
  found(bucket: string, stream: string, count: number): void;
  /** Books what was sent on of what is backed up. */
  replayed(outcome: Outcome): void;
  /** Books the answer to a sync. */
  synced(status: Status): void;
  /** Books the state of a stream's breaker, or of a bucket's on it. */
  state(stream: string, bucket: string | undefined, breaker: BreakerState): void;
  rows(): readonly LedgerRow[];
  syncs(): SyncCounts;
  /** Streams whose breaker has ever opened, and the topics whose breaker is not closed. */
  states(): readonly StreamState[];
}

/** What is accepted and not settled, in sight of a crash, which writes it to the spool. */
export interface Unsettled {
  /** A bucket's open batch: `frames` is asked when it matters. Returns how to forget it. */
  gathering(frames: () => readonly Frames[]): () => void;
  /** A batch that `stream` has to settle, after its sample. Returns how to forget it. */
  writing(stream: string, batch: Batch): () => void;
  /** Of a batch that `stream` is writing, `parts` are all that has no receipt: the rest need not be seen any more. */
  left(stream: string, batch: Batch, parts: readonly Batch[]): void;
}

/** A bounded number of tasks at once. `size` 0: the caller does the work itself, in the loop. */
export interface Slots {
  readonly size: number;
  run<A>(work: () => Promise<A>): Promise<A>;
}

/** Memory for messages. */
export interface Blocks {
  /** A block of `bytes`, whatever is in it. */
  readonly lend: (bytes: number) => Buffer;
  /** Nothing reads it any more. */
  readonly giveBack: (block: Buffer) => void;
}

/** All that a sink or pipeline takes from outside, so that a test can give it something else. */
export interface Env {
  /** The stream's id. */
  readonly name: string;
  readonly hostname: string;
  readonly scheduler: SchedulerLike;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** At least 0, below 1. */
  readonly random: () => number;
  readonly log: Log;
  readonly ledger: Ledger;
  readonly held: Held;
  readonly unsettled: Unsettled;
  readonly blocks: Blocks;
  /** Buckets that may be open, or remembered, at once: clients choose their names. */
  readonly maxBuckets: number;
  /** Compressions at once, for the whole process. */
  readonly compressions: Slots;
}
