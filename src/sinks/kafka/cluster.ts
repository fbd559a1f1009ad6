import { connect as connectSocket, type Socket } from 'node:net';
import * as E from 'fp-ts/Either';
import Broker from 'kafkajs/src/broker';
import ConnectionPool from 'kafkajs/src/network/connectionPool';
import type { Log } from '../../model';
import { ByteReader } from './byteReader';
import { frameRequest, versionOf, writeAll } from './requestFrame';
import type { Request } from './requests';
import type { Timers } from './timers';

/** Why a request has no answer. `unknown`: it had left, the broker may have acted on it. */
export interface RequestFailure {
  readonly kind: 'not_sent' | 'unknown' | 'unsupported';
  readonly message: string;
}

/** A connection to one broker, for as long as its socket lives; it never reconnects. */
export interface BrokerConnection {
  /** Sends at once, in the order of the calls. No answer within `timeoutMs` ends the connection. */
  request<A>(request: Request<A>, timeoutMs: number): Promise<E.Either<RequestFailure, A>>;
}

/** A connection that is on its way or stands. */
export interface ConnectionAttempt {
  readonly opened: Promise<E.Either<string, BrokerConnection>>;
  /** Ends it, whatever it is doing; what waits for an answer fails. */
  close(cause: string): void;
}

export interface ConnectionOptions {
  readonly clientId: string;
  readonly connectionSetupTimeoutMs: number;
  readonly keepAlive: boolean;
  readonly noDelay: boolean;
  readonly log: Log;
  readonly timers: Timers;
  /** Called once, when a connection that stood has ended. */
  readonly onClose: (cause: string) => void;
}

const KEEP_ALIVE_DELAY_MS = 60_000;

/**
 * Connects to one broker by kafkajs: its connection finds the API versions and matches answers to requests. Its request
 * encoder copies a payload twice, so requests go around that, straight into its queue.
 */
export const connectBroker = (host: string, port: number, options: ConnectionOptions): ConnectionAttempt => {
  const { timers, clientId, connectionSetupTimeoutMs } = options;
  let socket: Socket | undefined;
  let ended: string | undefined;
  let stands = false;
  const logger = kafkajsLogger(options.log);
  const pool = new ConnectionPool({
    host,
    port,
    clientId,
    logger,
    connectionTimeout: connectionSetupTimeoutMs,
    requestTimeout: connectionSetupTimeoutMs,
    enforceRequestTimeout: false,
    socketFactory: ({ onConnect }) => {
      const opened = connectSocket({ host, port, noDelay: options.noDelay }, onConnect);
      if (options.keepAlive) opened.setKeepAlive(true, KEEP_ALIVE_DELAY_MS);
      opened.once('error', ({ message }) => close(message));
      opened.once('close', () => close('closed by the broker'));
      if (ended !== undefined) opened.destroy(new Error(ended));
      socket = opened;
      return opened;
    },
  });
  const broker = new Broker({ connectionPool: pool, logger });
  for (const { requestQueue } of pool.pool) stopPolling(requestQueue);

  const close = (cause: string): void => {
    if (ended !== undefined) return;
    ended = cause;
    for (const { requestQueue } of pool.pool) requestQueue.rejectAll(new Error(cause));
    // kafkajs ends its own waiting for a connection by an error event alone.
    socket?.destroy(stands ? undefined : new Error(cause));
    if (stands) options.onClose(cause);
  };

  const open = async (): Promise<E.Either<string, BrokerConnection>> => {
    const cancel = timers.after(connectionSetupTimeoutMs, () => close('no connection in time'));
    try {
      await broker.connect();
      const connection = await pool.getConnection();
      if (ended !== undefined || !socket) return E.left(ended ?? 'no socket');
      stands = true;
      return E.right({ request: requester(connection, socket) });
    } catch (error) {
      close(messageOf(error));
      return E.left(ended ?? messageOf(error));
    } finally {
      cancel();
    }
  };

  const requester =
    (connection: Connection, to: Socket): BrokerConnection['request'] =>
    async (request, timeoutMs) => {
      if (ended !== undefined || !connection.isConnected())
        return E.left({ kind: 'not_sent', message: ended ?? 'connection is closing' });
      const version = versionOf(request, broker.versions?.[request.key]);
      if (version === undefined)
        return E.left({ kind: 'unsupported', message: `the broker does not know ${request.api} as spoken here` });
      const cancel = timers.after(timeoutMs, () => close(`no answer to ${request.api} within ${timeoutMs} ms`));
      try {
        const read = await exchange(connection, to, request, version, clientId);
        const answer = E.tryCatch(read, () => unknown(`an answer to ${request.api} that cannot be read`));
        if (E.isLeft(answer)) close(answer.left.message);
        return answer;
      } catch (error) {
        return E.left(unknown(messageOf(error)));
      } finally {
        cancel();
      }
    };

  return { opened: open(), close };
};

type Connection = ConnectionPool['pool'][number];

const unknown = (message: string): RequestFailure => ({ kind: 'unknown', message });

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** Sends a request and waits for its answer, which is still to be read; for one that is not answered, until it has left. */
const exchange = <A>(
  connection: Connection,
  socket: Socket,
  request: Request<A>,
  apiVersion: number,
  clientId: string,
): Promise<() => A> =>
  new Promise((resolve, reject) => {
    const correlationId = connection.nextCorrelationId();
    const chunks = frameRequest(request, apiVersion, correlationId, clientId);
    const { unanswered } = request;
    if (unanswered !== undefined) {
      writeAll(socket, chunks, (error) => (error ? reject(error) : resolve(() => unanswered)));
      return;
    }
    connection.requestQueue.push({
      entry: {
        apiKey: request.key,
        apiName: request.api,
        apiVersion,
        correlationId,
        resolve: ({ payload }) => resolve(() => request.decode(new ByteReader(payload), apiVersion)),
        reject,
      },
      expectResponse: true,
      requestTimeout: null,
      sendRequest: () => writeAll(socket, chunks),
    });
  });

/**
 * kafkajs's queue starts a timer of 1 ms after every answer and from that the next, for ever: 4 % of a CPU on an idle
 * connection. Only requests that wait need it.
 */
export const stopPolling = (queue: {
  readonly pending: readonly unknown[];
  scheduleCheckPendingRequests(): void;
}): void => {
  const schedule = queue.scheduleCheckPendingRequests.bind(queue);
  queue.scheduleCheckPendingRequests = () => {
    if (queue.pending.length > 0) schedule();
  };
};

type Logger = ConstructorParameters<typeof Broker>[0]['logger'];

const kafkajsLogger = (log: Log): Logger => {
  const debug = (message: string): void => log.debug('kafkajs', { detail: message });
  const logger: Logger = { namespace: () => logger, error: debug, warn: debug, info: debug, debug };
  return logger;
};
