import { connect as open, type Socket } from 'node:net';
import type { Synced } from '../model';
import { MAX_SOCKET_PATH_BYTES, reachedAt, socketAddress, type Address } from '../wire/address';
import { encodeSync } from '../wire/sync';
import { codeOf, messageOf } from '../wire/systemErrors';
import { AwaitedAnswers } from './answers';

/** Why there is no connection to the daemon, or no more. */
export class ConnectionError extends Error {
  override readonly name = 'ConnectionError';
  constructor(
    readonly path: string,
    readonly found: string,
    options?: ErrorOptions,
  ) {
    super(`${path}: ${found}`, options);
  }
}

/** A connection to the daemon's socket. */
export interface Connection {
  /** Resolves when there is room for more: while the daemon does not read, it waits. Rejects with a {@link ConnectionError}. */
  readonly write: (bytes: Uint8Array) => Promise<void>;
  /**
   * Resolves when all that was written since the last sync is settled, with what became of it. Rejects with a {@link ConnectionError}
   * where no answer comes: then nothing is known of it.
   */
  readonly sync: () => Promise<Synced>;
  /** Says that nothing more comes; resolves when the daemon has read all of it. Rejects with a {@link ConnectionError}. */
  readonly end: () => Promise<void>;
  /** Ends it at once: what is not read yet may be lost, a half message with it. */
  readonly abandon: () => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const AGAIN_MS = 20;

const FOUND: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'no socket is there: start the daemon, or name its socket'],
  ['ECONNREFUSED', 'nobody listens there: start the daemon'],
  ['EACCES', 'this user may not write to it: see SOCKET_MODE'],
  ['ENOTSOCK', 'expected a socket, found something else'],
  ['EAGAIN', 'the daemon is too busy to answer'],
  ['EPIPE', 'the daemon has closed the connection'],
  ['ECONNRESET', 'the daemon has closed the connection'],
  ['ETIMEDOUT', 'nobody answers there'],
  ['EHOSTUNREACH', 'this host is not reached'],
  ['ENETUNREACH', 'this host is not reached'],
  ['ENOTFOUND', 'the name of this host is not known'],
  ['EAI_AGAIN', 'the name of this host cannot be looked up'],
]);

const EXPECTED = `a path of at most ${MAX_SOCKET_PATH_BYTES} bytes, or tcp://HOST:PORT`;
const ENDED = 'this side has ended the connection';
const NO_ANSWER = 'the daemon closed the connection before it answered: what became of the messages is not known';

/** Says in words why a connection failed. */
export const connectionError = (path: string, error: unknown): ConnectionError =>
  new ConnectionError(path, FOUND.get(codeOf(error) ?? '') ?? messageOf(error), { cause: error });

const attempt = (address: Address, untilMs: number): Promise<Socket> =>
  new Promise((resolve, reject) => {
    const socket =
      address.kind === 'unix'
        ? open({ path: address.path })
        : open({ host: reachedAt(address.host), port: address.port, noDelay: true });
    const late = setTimeout(() => {
      socket.destroy(Object.assign(new Error('no connection in time'), { code: 'ETIMEDOUT' }));
    }, untilMs - Date.now());
    const failed = (error: Error): void => {
      clearTimeout(late);
      reject(error);
    };
    socket.once('error', failed);
    socket.once('connect', () => {
      clearTimeout(late);
      socket.off('error', failed);
      resolve(socket);
    });
  });

const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, ms);
  });

/**
 * Opens a socket to an address as SOCKET has it, a path or `tcp://host:port`. While the queue of the daemon's is full a connect fails at
 * once, where a blocking one would wait: it is tried again.
 *
 * @throws ConnectionError where nobody takes the connection within 5 s
 */
export const openSocket = async (at: string): Promise<Socket> => {
  const address = socketAddress(at);
  if (!address || (address.kind === 'tcp' && address.port === 0)) throw new ConnectionError(at, `expected ${EXPECTED}`);
  const untilMs = Date.now() + CONNECT_TIMEOUT_MS;
  for (;;) {
    try {
      return await attempt(address, untilMs);
    } catch (error) {
      if (codeOf(error) !== 'EAGAIN' || Date.now() >= untilMs) throw connectionError(at, error);
    }
    await pause(AGAIN_MS);
  }
};

/**
 * Connects to a socket of the daemon's, as {@link openSocket} does.
 *
 * @throws ConnectionError where nobody takes the connection within 5 s
 */
export const connect = async (path: string): Promise<Connection> => {
  const socket = await openSocket(path);
  let failure: ConnectionError | undefined;
  let ended = false;
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  const answers = new AwaitedAnswers();
  let token = 0;
  /** Why none comes any more. */
  let noAnswer: ConnectionError | undefined;
  socket.on('data', (chunk) => {
    try {
      answers.receive(chunk);
    } catch (error) {
      noAnswer = new ConnectionError(path, `this is no daemon that answers syncs: ${messageOf(error)}`);
      answers.lost();
      socket.destroy(noAnswer);
    }
  });
  socket.on('error', (error) => (failure ??= error instanceof ConnectionError ? error : connectionError(path, error)));
  socket.once('close', () => {
    if (!ended) failure ??= connectionError(path, { code: 'EPIPE' });
    noAnswer ??= new ConnectionError(path, NO_ANSWER, { cause: failure });
    answers.lost();
  });
  const sync = (): Promise<Synced> =>
    new Promise((resolve, reject) => {
      token += 1;
      answers.ask(token, (synced) => {
        if (synced) resolve(synced);
        else reject(noAnswer ?? new ConnectionError(path, NO_ANSWER));
      });
      socket.write(encodeSync(token));
    });

  /** Why nothing more can be written. */
  const refusal = (): ConnectionError | undefined => failure ?? (ended ? new ConnectionError(path, ENDED) : undefined);

  return {
    write: async (bytes) => {
      const refused = refusal();
      if (refused) throw refused;
      if (!socket.write(bytes))
        await Promise.race([new Promise<void>((resolve) => socket.once('drain', resolve)), closed]);
      if (failure) throw failure;
    },
    sync: () => {
      const refused = refusal();
      return refused ? Promise.reject(refused) : sync();
    },
    end: async () => {
      ended = true;
      socket.end();
      await closed;
      if (failure) throw failure;
    },
    abandon: () => {
      ended = true;
      socket.destroy();
    },
  };
};
