import * as E from 'fp-ts/Either';
import type { connectBroker } from './cluster';
import type { BrokerConnection, ConnectionAttempt, ConnectionOptions, RequestFailure } from './connection';
import type { Request } from './requests';
import { pause, reconnectMs, type Backoff } from './timers';

/** How a broker is reached, and how often that is tried. */
export interface LinkSettings extends Omit<ConnectionOptions, 'onClose'> {
  readonly connectBroker?: typeof connectBroker;
  /** The rest after an attempt that failed or a connection that was lost. */
  readonly reconnect: Backoff;
  /** Whether a connection that ends is worth a line. */
  readonly logConnectionClose: boolean;
}

export interface LinkOptions extends LinkSettings {
  readonly connectBroker: typeof connectBroker;
  readonly onUp: (link: Link) => void;
  readonly onFailed: (cause: string) => void;
  /** A connection that stood has ended. `idle`: nothing was on its way. */
  readonly onLost: (cause: string, idle: boolean) => void;
  /** No batch has gone there for {@link UNUSED_MS}. */
  readonly onUnused: (link: Link) => void;
}

/** The way to one connection, from the rest before it to its end. */
interface Trial {
  readonly opened: Promise<E.Either<string, unknown>>;
  attempt?: ConnectionAttempt;
  connection?: BrokerConnection;
}

const UNUSED_MS = 300_000;
const NOT_NEEDED = 'not needed';

export const split = (address: string): readonly [host: string, port: number] => {
  const colon = address.lastIndexOf(':');
  return [address.slice(0, colon).replace(/^\[|\]$/g, ''), Number(address.slice(colon + 1))];
};

/**
 * One address: at most one connection, one attempt at a time, and a rest after each end.
 *
 *     attempt ✗ 100 ms ✗ 200 ms ✗ … ✗ reconnect.backoff.max.ms ✗   20 % around reconnect.backoff.ms, doubled
 *     connection lost, 0 to 100 ms, attempt                        so that many hosts do not come back at once
 *
 * A connection that is lost before it has answered anything counts as a failed attempt: a broker that closes at once is not
 * asked ever so often.
 */
export class Link {
  /** This very broker is asked for. */
  wanted = false;
  private trial: Trial | undefined;
  private resting: Promise<void> | undefined;
  /** Ends in a row: of attempts, and of connections that were not in order. */
  private failures = 0;
  /** The connection has answered something, or stood for a while. */
  private inOrder = false;
  private lastCause: string | undefined;
  private inFlight = 0;
  /** Batches have gone there lately. */
  private used = false;
  private retired: string | undefined;

  constructor(
    readonly address: string,
    private readonly options: LinkOptions,
  ) {}

  get isConnected(): boolean {
    return this.trial?.connection !== undefined;
  }

  /** How good it is for a request that any broker can answer; best where batches go anyway. 0: not connected. */
  get rank(): number {
    return this.isConnected ? 1 + Number(this.used) : 0;
  }

  /** Why there is no connection, as far as is known. */
  get cause(): string {
    return this.lastCause ?? 'no connection yet';
  }

  /** Ends with a connection, or after one failed attempt. */
  connect(): Promise<E.Either<string, unknown>> {
    if (!this.trial) {
      const trial: Trial = { opened: Promise.resolve().then(() => this.open(trial)) };
      this.trial = trial;
    }
    return this.trial.opened;
  }

  async request<A>(request: Request<A>, timeoutMs: number): Promise<E.Either<RequestFailure, A>> {
    const connection = this.trial?.connection;
    if (!connection) return E.left({ kind: 'not_sent', message: 'not connected' });
    this.inFlight += 1;
    const answer = await connection.request(request, timeoutMs);
    this.inFlight -= 1;
    if (E.isRight(answer)) this.proveOrder();
    if (this.retired !== undefined && this.inFlight === 0) this.end(this.retired);
    return answer;
  }

  /** As `request`, and keeps the connection from counting as unused. */
  produce<A>(request: Request<A>, timeoutMs: number): Promise<E.Either<RequestFailure, A>> {
    this.used = true;
    return this.request(request, timeoutMs);
  }

  /** Ends an attempt, unless this very broker is asked for. */
  spare(): void {
    if (!this.isConnected && !this.wanted) this.end(NOT_NEEDED);
  }

  /** Ends it once what is on its way has its answer. */
  retire(cause: string): void {
    this.retired = cause;
    if (this.inFlight === 0) this.end(cause);
  }

  /** Ends an attempt or a connection, and tells nobody. */
  end(cause: string): void {
    const { trial } = this;
    this.trial = undefined;
    if (trial?.connection) this.options.log.debug('broker connection closed', { broker: this.address, cause });
    trial?.attempt?.close(cause);
  }

  private async open(trial: Trial): Promise<E.Either<string, unknown>> {
    await this.resting;
    if (trial !== this.trial) return E.left(NOT_NEEDED);
    const [host, port] = split(this.address);
    trial.attempt = this.options.connectBroker(host, port, {
      ...this.options,
      onClose: (cause) => {
        if (trial === this.trial) this.lost(cause);
      },
    });
    const opened = await trial.attempt.opened;
    if (trial !== this.trial) return E.left(NOT_NEEDED);
    if (E.isRight(opened)) this.up(trial, opened.right);
    else this.failed(opened.left);
    return opened;
  }

  private up(trial: Trial, connection: BrokerConnection): void {
    const { log, timers, reconnect, onUp } = this.options;
    trial.connection = connection;
    log[this.lastCause === undefined ? 'debug' : 'info']('broker connected', { broker: this.address });
    this.lastCause = undefined;
    this.wanted = false;
    this.inOrder = false;
    timers.after(reconnect.maxMs, () => {
      if (trial === this.trial) this.proveOrder();
    });
    this.watchUse(trial);
    onUp(this);
  }

  private failed(cause: string): void {
    const { log, onFailed } = this.options;
    log[cause === this.lastCause ? 'debug' : 'warn']('broker not connected', { broker: this.address, cause });
    this.lastCause = cause;
    this.wanted = false;
    this.failures += 1;
    this.rest();
    onFailed(cause);
  }

  private lost(cause: string): void {
    const { log, logConnectionClose, onLost } = this.options;
    log[logConnectionClose ? 'info' : 'debug']('broker connection closed', { broker: this.address, cause });
    if (!this.inOrder) this.failures += 1;
    this.rest();
    onLost(cause, this.inFlight === 0);
  }

  private proveOrder(): void {
    this.inOrder = true;
    this.failures = 0;
  }

  private rest(): void {
    const { timers, reconnect } = this.options;
    this.trial = undefined;
    this.used = false;
    this.resting = pause(timers, reconnectMs(reconnect, this.failures)).then(() => (this.resting = undefined));
  }

  private watchUse(trial: Trial): void {
    this.options.timers.after(UNUSED_MS, () => {
      if (trial !== this.trial) return;
      if (!this.used && this.inFlight === 0) this.options.onUnused(this);
      this.used = false;
      if (trial === this.trial) this.watchUse(trial);
    });
  }
}
