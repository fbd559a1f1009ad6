import type { Socket } from 'node:net';
import { setImmediate as soon, setTimeout as later } from 'node:timers';
import { encodeSync } from '../../wire/sync';
import { AwaitedAnswers } from '../answers';
import { ConnectionError, connectionError, openSocket } from '../connect';
import type { Producer, ProducerOptions } from './api';
import { createBackoff } from './backoff';
import { encodeMessage } from './encode';
import { ClosedError, QueueFullError, TimeoutError } from './errors';
import { Outbox, type Entry } from './outbox';
import { Syncs, type SyncResult } from './syncs';

const MB = 1024 * 1024;
/** Frames that wait are written together, about so many bytes at a time. */
const WRITE_BYTES = 64 * 1024;
const CLOSE_TIMEOUT_MS = 5_000;
const SYNC_TIMEOUT_MS = 10_000;
const MAX_TOKEN = 0xffffffff;

class SocketProducer implements Producer {
  private readonly outbox: Outbox;
  private readonly syncs = new Syncs();
  /** Those of the connection that there is, or was last. */
  private answers = new AwaitedAnswers();
  private readonly path: string;
  private readonly maxFrameBytes: number;
  private readonly backoff;
  private readonly onError: (error: ConnectionError) => void;
  private socket: Socket | undefined;
  private state: 'open' | 'closing' | 'closed' = 'open';
  private closing: Promise<void> | undefined;
  /** Connecting, or waiting to: at most one of it. */
  private isConnecting = false;
  private retry: NodeJS.Timeout | undefined;
  private isWriting = false;
  private isScheduled = false;
  private token = 0;
  private whenEmpty: (() => void) | undefined;
  private readonly counted = { written: 0, rewritten: 0, refused: 0, connections: 0 };

  constructor({
    socket = '/tmp/kahego.sock',
    maxFrameBytes = 8 * MB,
    maxQueueBytes = 16 * MB,
    reconnectMs: { first, most } = { first: 50, most: 5_000 },
    onError = () => undefined,
  }: ProducerOptions) {
    this.path = socket;
    this.maxFrameBytes = maxFrameBytes;
    this.outbox = new Outbox(maxQueueBytes);
    this.backoff = createBackoff(first, most);
    this.onError = onError;
  }

  readonly send: Producer['send'] = (bucket, message, options = {}) =>
    new Promise((resolve, reject) => {
      const refuse = (error: Error): void => {
        this.counted.refused += 1;
        reject(error);
      };
      try {
        const frame = encodeMessage(bucket, message, options, this.maxFrameBytes);
        this.enqueue({ frame, messages: 1, written: resolve, failed: reject }, refuse);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        refuse(error);
      }
    });

  readonly sync: Producer['sync'] = (timeoutMs = SYNC_TIMEOUT_MS) =>
    new Promise((resolve, reject) => {
      const token = this.nextToken();
      let isLate = false;
      const timer = later(() => {
        isLate = true;
        reject(new TimeoutError('what was sent is settled', timeoutMs));
      }, timeoutMs);
      const answer = (result: SyncResult): boolean => {
        clearTimeout(timer);
        resolve(result);
        return !isLate;
      };
      const failed = (error: Error): void => {
        clearTimeout(timer);
        reject(error);
      };
      const written = (): void => this.answers.ask(token, this.syncs.asked(answer));
      this.enqueue({ frame: encodeSync(token), messages: 0, written, failed }, failed);
    });

  readonly close: Producer['close'] = (timeoutMs = CLOSE_TIMEOUT_MS) => (this.closing ??= this.end(timeoutMs));

  readonly counts: Producer['counts'] = () => ({ ...this.counted, waitingBytes: this.outbox.bytes });

  private async end(timeoutMs: number): Promise<void> {
    this.state = 'closing';
    const isEmpty = await new Promise<boolean>((resolve) => {
      const timer = later(() => resolve(false), timeoutMs);
      this.whenEmpty = () => {
        clearTimeout(timer);
        resolve(true);
      };
      if (this.outbox.isEmpty && !this.isWriting) this.whenEmpty();
    });
    this.state = 'closed';
    clearTimeout(this.retry);
    this.outbox.fail(new ClosedError());
    if (isEmpty) this.socket?.end();
    else this.socket?.destroy();
    if (!isEmpty) throw new TimeoutError('what was sent is written', timeoutMs);
  }

  private nextToken(): number {
    this.token = this.token === MAX_TOKEN ? 0 : this.token + 1;
    return this.token;
  }

  private enqueue(entry: Entry, refuse: (error: Error) => void): void {
    if (this.state !== 'open') refuse(new ClosedError());
    else if (this.outbox.add(entry)) this.schedule();
    else refuse(new QueueFullError(this.outbox.bytes, this.outbox.maxBytes));
  }

  /** What one turn of the loop sends is written together. */
  private schedule(): void {
    this.retry?.ref();
    if (this.isScheduled) return;
    this.isScheduled = true;
    soon(() => {
      this.isScheduled = false;
      this.write();
    });
  }

  private write(): void {
    if (this.isWriting || this.outbox.isEmpty || this.state === 'closed') return;
    const { socket } = this;
    if (!socket) {
      this.connect();
      return;
    }
    // It is about to close.
    if (socket.destroyed) return;
    const entries = this.outbox.take(WRITE_BYTES);
    this.isWriting = true;
    socket.ref();
    socket.write(Buffer.concat(entries.map(({ frame }) => frame)), (error) => {
      this.isWriting = false;
      if (error) this.notWritten(entries);
      else this.written(entries);
    });
  }

  private written(entries: readonly Entry[]): void {
    this.backoff.reset();
    for (const { messages, written } of entries) {
      this.counted.written += messages;
      this.syncs.written(messages);
      written();
    }
    this.release();
    if (this.outbox.isEmpty) this.whenEmpty?.();
    else this.write();
  }

  /** Some of it may be with the daemon: nobody can tell. */
  private notWritten(entries: readonly Entry[]): void {
    this.counted.rewritten += entries.reduce((sum, { messages }) => sum + messages, 0);
    this.outbox.putBack(entries);
    if (this.state === 'closed') this.outbox.fail(new ClosedError());
    else this.schedule();
  }

  /** A connection on which nothing is awaited does not keep the program from ending. */
  private release(): void {
    if (this.outbox.isEmpty && !this.isWriting && this.answers.isEmpty) this.socket?.unref();
  }

  private connect(): void {
    if (this.isConnecting) return;
    this.isConnecting = true;
    openSocket(this.path).then(
      (socket) => {
        this.isConnecting = false;
        this.connected(socket);
      },
      (error: unknown) => this.lost(error),
    );
  }

  private connected(socket: Socket): void {
    if (this.state === 'closed') {
      socket.destroy();
      return;
    }
    this.counted.connections += 1;
    this.socket = socket;
    let failure: unknown = { code: 'EPIPE' };
    const answers = new AwaitedAnswers();
    this.answers = answers;
    socket.on('data', (chunk: Buffer) => {
      try {
        answers.receive(chunk);
        this.release();
      } catch (error) {
        failure = error;
        socket.destroy();
      }
    });
    socket.on('error', (error) => (failure = error));
    socket.once('end', () => socket.destroy());
    socket.once('close', () => {
      this.socket = undefined;
      answers.lost();
      this.syncs.lost();
      if (this.state !== 'closed') this.lost(failure);
    });
    this.write();
  }

  private lost(error: unknown): void {
    // Until then nobody tries.
    this.isConnecting = true;
    this.retry = later(() => {
      this.isConnecting = false;
      this.write();
    }, this.backoff.next());
    if (this.outbox.isEmpty) this.retry.unref();
    this.onError(error instanceof ConnectionError ? error : connectionError(this.path, error));
  }
}

/** A producer for a program that runs on the daemon's host. It connects when there is something to send, and again when that is lost. */
export const createProducer = (options: ProducerOptions = {}): Producer => new SocketProducer(options);
