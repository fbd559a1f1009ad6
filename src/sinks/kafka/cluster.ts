import type { Socket } from 'node:net';
import * as E from 'fp-ts/Either';
import Broker from 'kafkajs/src/broker';
import ConnectionPool from 'kafkajs/src/network/connectionPool';
import type { Log } from '../../model';
import { messageOf } from '../../wire/systemErrors';
import type { BrokerConnection, ConnectionAttempt, ConnectionOptions, RequestFailure } from './connection';
import { explainConnection } from './explainConnection';
import { guardAnswers } from './foreignService';
import { openSocket } from './openSocket';
import { versionOf } from './requestFrame';
import { exchange, stopPolling } from './requestQueue';
import type { Request } from './requests';
import type { Security } from './security/openSecurity';
import type { Sasl } from './security/sasl';
import { keepSession, type Session, type SessionOptions } from './security/session';
import type { TlsOptions } from './security/tls';

/** Kept of what a service says first, to tell which one it is. */
const FIRST_BYTES = 32;
const NO_SECURITY: Security = { tls: undefined, sasl: undefined };

/** Connects to one broker; `address` is a name or an IP address. */
export const connectBroker = (host: string, port: number, options: ConnectionOptions): ConnectionAttempt => {
  const connection = new KafkajsConnection(host, port, options);
  return { opened: connection.open(), close: (cause) => connection.close(cause) };
};

/**
 * One connection by kafkajs, which finds the API versions, authenticates and matches answers to requests. Its request encoder
 * copies a payload twice, so requests go around that, straight into its queue.
 */
class KafkajsConnection {
  private readonly address: string;
  private readonly security: Security;
  private readonly pool: ConnectionPool;
  private readonly broker: Broker;
  private readonly over: Promise<void>;
  private stopWaiting = (): void => undefined;
  private encryption: TlsOptions | undefined;
  private socket: Socket | undefined;
  private session: Session | undefined;
  private cause: string | undefined;
  private stands = false;
  /** Whether the first request is on its way: a broker that wants SASL greets everybody, and closes then. */
  private onProbation = false;
  private proved = false;
  /** For the explanation of a failure. */
  private connected = false;
  private firstBytes = Buffer.alloc(0);

  constructor(
    private readonly host: string,
    private readonly port: number,
    private readonly options: ConnectionOptions,
  ) {
    const { clientId, connectionSetupTimeoutMs, log, security = NO_SECURITY } = options;
    this.address = `${host}:${port}`;
    this.security = security;
    this.over = new Promise((resolve) => (this.stopWaiting = resolve));
    const logger = kafkajsLogger(log);
    this.pool = new ConnectionPool({
      host,
      port,
      clientId,
      logger,
      ...(security.sasl && { sasl: security.sasl.kafkajs() }),
      // Who calls its `authenticate` means it: when to do so is the session's business.
      reauthenticationThreshold: Number.MAX_SAFE_INTEGER,
      connectionTimeout: connectionSetupTimeoutMs,
      requestTimeout: connectionSetupTimeoutMs,
      enforceRequestTimeout: false,
      socketFactory: ({ onConnect }) => this.openSocket(onConnect),
    });
    this.broker = new Broker({ connectionPool: this.pool, logger });
    for (const connection of this.pool.pool) {
      stopPolling(connection.requestQueue);
      guardAnswers(connection, {
        onBytes: (bytes) => {
          if (this.firstBytes.length === 0) this.firstBytes = Buffer.from(bytes.subarray(0, FIRST_BYTES));
        },
        onForeign: () => this.fail(new Error('an answer that is not Kafka’s')),
      });
    }
  }

  async open(): Promise<E.Either<string, BrokerConnection>> {
    const { tls, sasl } = this.security;
    if (tls || sasl) await Promise.race([this.prepare(this.security), this.over]);
    const { timers, connectionSetupTimeoutMs } = this.options;
    const cancel = timers.after(connectionSetupTimeoutMs, () => this.fail(new Error('no connection in time')));
    try {
      if (this.hasEnded()) throw new Error('ended before it began');
      await this.broker.connect();
      const connection = await this.pool.getConnection();
      const { socket } = this;
      if (this.hasEnded() || !socket) throw new Error('ended while it was opened');
      this.stands = true;
      this.session = sasl && keepSession(this.sessionOf(connection, sasl));
      return E.right({ request: (request, timeoutMs) => this.request(connection, socket, request, timeoutMs) });
    } catch (error) {
      this.fail(error);
      return E.left(this.cause ?? messageOf(error));
    } finally {
      cancel();
    }
  }

  close(cause: string): void {
    if (this.hasEnded()) return;
    this.cause = cause;
    this.stopWaiting();
    for (const { requestQueue } of this.pool.pool) requestQueue.rejectAll(new Error(cause));
    this.session?.close();
    // kafkajs ends its own waiting for a connection by an error event alone.
    this.socket?.destroy(this.stands ? undefined : new Error(cause));
    if (this.stands) this.options.onClose(cause);
  }

  private hasEnded(): boolean {
    return this.cause !== undefined;
  }

  private fail(error: unknown): void {
    const explained = !this.stands || (this.onProbation && !this.security.sasl);
    this.close(explained ? this.explain(error) : `${this.address}: ${messageOf(error)}`);
  }

  private explain(error: unknown): string {
    const { address, security, connected, firstBytes, broker } = this;
    return explainConnection(error, {
      address,
      encrypted: security.tls !== undefined,
      mechanism: security.sasl?.mechanism,
      progress: { connected, firstBytes, greeted: broker.versions !== null },
    });
  }

  /** What needs no broker comes first, so that none is kept waiting for it. */
  private async prepare({ tls, sasl }: Security): Promise<void> {
    const { timers, connectionSetupTimeoutMs } = this.options;
    const cancel = timers.after(connectionSetupTimeoutMs, () => this.close('no token or certificate in time'));
    const prepared = await sasl?.prepare();
    if (prepared && E.isLeft(prepared)) this.close(prepared.left);
    this.encryption = await tls?.next();
    cancel();
  }

  private openSocket(onConnect: () => void): Socket {
    const { host, port, options, encryption } = this;
    const ended = (): void => this.fail(new Error('closed by the broker'));
    const socket = openSocket({ host, port }, options, encryption, () => {
      // Beside `close`: kafkajs fails what is on its way at the `end`, and who has asked must learn the cause before. Not
      // earlier: an end within the TLS handshake comes as an error that says so.
      socket.once('end', ended);
      onConnect();
    });
    socket.once('connect', () => (this.connected = true));
    socket.once('error', (error) => this.fail(error));
    socket.once('close', ended);
    if (this.hasEnded()) socket.destroy(new Error(this.cause));
    this.socket = socket;
    return socket;
  }

  private sessionOf(connection: Connection, sasl: Sasl): SessionOptions {
    const { timers, connectionSetupTimeoutMs } = this.options;
    const late = (): void =>
      this.fail(new Error(`no answer to SaslAuthenticate within ${connectionSetupTimeoutMs} ms`));
    return {
      lifetimeMs: () => connection.sessionLifetime.toNumber(),
      prepare: () => sasl.prepare(),
      authenticate: async () => {
        const cancel = timers.after(connectionSetupTimeoutMs, late);
        try {
          await connection.authenticate();
          return E.right(undefined);
        } catch (error) {
          return E.left(this.explain(error));
        } finally {
          cancel();
        }
      },
      end: (cause) => this.close(cause),
      timers,
    };
  }

  private request<A>(
    connection: Connection,
    socket: Socket,
    request: Request<A>,
    timeoutMs: number,
  ): Promise<E.Either<RequestFailure, A>> {
    const send = (): Promise<E.Either<RequestFailure, A>> => this.send(connection, socket, request, timeoutMs);
    return this.session ? this.session.run(send) : send();
  }

  private async send<A>(
    connection: Connection,
    socket: Socket,
    request: Request<A>,
    timeoutMs: number,
  ): Promise<E.Either<RequestFailure, A>> {
    if (this.hasEnded() || !connection.isConnected())
      return E.left({ kind: 'not_sent', message: this.cause ?? `${this.address}: connection is closing` });
    const version = versionOf(request, this.broker.versions?.[request.key]);
    if (version === undefined)
      return E.left({ kind: 'unsupported', message: `the broker does not know ${request.api} as spoken here` });
    const late = (): void => this.fail(new Error(`no answer to ${request.api} within ${timeoutMs} ms`));
    const cancel = this.options.timers.after(timeoutMs, late);
    try {
      this.onProbation = !this.proved;
      const read = await exchange(connection, socket, request, version, this.options.clientId);
      const answer = E.tryCatch(read, () => unknown(`an answer to ${request.api} that cannot be read`));
      if (E.isLeft(answer)) this.fail(answer.left);
      else this.proved = true;
      this.onProbation = false;
      return answer;
    } catch (error) {
      return E.left(unknown(messageOf(error)));
    } finally {
      cancel();
    }
  }
}

type Connection = ConnectionPool['pool'][number];

const unknown = (message: string): RequestFailure => ({ kind: 'unknown', message });

type Logger = ConstructorParameters<typeof Broker>[0]['logger'];

const kafkajsLogger = (log: Log): Logger => {
  const debug = (message: string): void => log.debug('kafkajs', { detail: message });
  const logger: Logger = { namespace: () => logger, error: debug, warn: debug, info: debug, debug };
  return logger;
};
