/**
 * What cluster.ts changes in kafkajs, or goes around: of each, that kafkajs still needs it ("is needed": fails when kafkajs
 * changes) and that it is still done. docs/decisions/0407-kafkajs-overrides.md lists them all, with those whose specs stand
 * elsewhere.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect as connectSocket, Socket } from 'node:net';
import path from 'node:path';
import Broker from 'kafkajs/src/broker';
import Connection from 'kafkajs/src/network/connection';
import ConnectionPool from 'kafkajs/src/network/connectionPool';
import defaultSocketFactory from 'kafkajs/src/network/socketFactory';
import { version } from 'kafkajs/package.json';
import { asyncScheduler } from 'rxjs';
import { connectBroker } from '../../../src/sinks/kafka/cluster';
import type { BrokerConnection, ConnectionOptions } from '../../../src/sinks/kafka/connection';
import { producerIdRequest } from '../../../src/sinks/kafka/requests';
import { createTimers } from '../../../src/sinks/kafka/timers';
import { memoryLog } from '../../../src/testing/builders';
import { answerTo, correlationIdOf, startKafkajsServer, type KafkajsServer } from './kafkajsServer';

const PRODUCER_ID = Buffer.from('00000000 0000 00000000000003e9 0002'.replaceAll(' ', ''), 'hex');
const TIMEOUT_MS = 5000;
const CLUSTER = path.resolve(__dirname, '../../../src/sinks/kafka/cluster.ts');

type Answer = (socket: Socket, request: Buffer) => void;

const answers: Answer = (socket, request) => socket.write(answerTo(correlationIdOf(request), PRODUCER_ID));
const isSilent: Answer = () => undefined;

const silentLogger = (() => {
  const none = (): void => undefined;
  const logger = { namespace: () => logger, error: none, warn: none, info: none, debug: none };
  return logger;
})();

/** Whether it settles of what is ready to happen now; for what would otherwise be waited for in vain. */
const settles = async (promise: Promise<unknown>): Promise<boolean> => {
  let settled = false;
  const note = (): void => void (settled = true);
  promise.then(note, note);
  for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
  return settled;
};

let server: KafkajsServer;
const serve = async (onRequest: Answer): Promise<void> => {
  server = await startKafkajsServer(onRequest);
};
afterEach(() => server.close());

/** kafkajs's connection as it is, with sockets of `net`. */
const plainConnection = (options: { readonly enforceRequestTimeout?: boolean } = {}) => {
  const sockets: Socket[] = [];
  const connection = new Connection({
    host: '127.0.0.1',
    port: server.port,
    logger: silentLogger,
    connectionTimeout: TIMEOUT_MS,
    requestTimeout: TIMEOUT_MS,
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connectSocket({ host, port }, onConnect);
      sockets.push(socket);
      return socket;
    },
    ...options,
  });
  return { connection, sockets };
};

const attempt = (options: Partial<ConnectionOptions> = {}) =>
  connectBroker('127.0.0.1', server.port, {
    clientId: 'spec',
    connectionSetupTimeoutMs: TIMEOUT_MS,
    keepAlive: true,
    noDelay: true,
    log: memoryLog(),
    timers: createTimers(asyncScheduler),
    onClose: () => undefined,
    ...options,
  });

const open = async (options?: Partial<ConnectionOptions>) => {
  const tried = attempt(options);
  const opened = await tried.opened;
  if (opened._tag === 'Left') throw new Error(opened.left);
  return { connection: opened.right, close: (cause: string) => tried.close(cause) };
};

const ask = (connection: BrokerConnection) => connection.request(producerIdRequest, TIMEOUT_MS);

const aFunction: unknown = expect.any(Function);

describe('kafkajs', () => {
  beforeEach(() => serve(answers));

  it('is the version that all this was written for: with another, read its changes and this spec first', () => {
    expect(version).toBe('2.2.4');
  });

  it('lends its broker and its connections, and nothing of its cluster or producer', () => {
    const imports = readFileSync(CLUSTER, 'utf8').matchAll(/from '(kafkajs[^']*)'/g);
    expect([...imports].map(([, name]) => name)).toEqual(['kafkajs/src/broker', 'kafkajs/src/network/connectionPool']);
  });

  it('has the parts that cluster.ts stands on', () => {
    const options = { host: '127.0.0.1', port: server.port, clientId: 'spec', logger: silentLogger };
    const pool = new ConnectionPool({
      ...options,
      socketFactory: () => new Socket(),
      connectionTimeout: TIMEOUT_MS,
      requestTimeout: TIMEOUT_MS,
      reauthenticationThreshold: 0,
      enforceRequestTimeout: false,
    });
    const broker = new Broker({ connectionPool: pool, logger: silentLogger });
    const functions = ['isConnected', 'nextCorrelationId', 'processData', 'authenticate', 'connect'];
    for (const connection of pool.pool) {
      expect(connection).toMatchObject(Object.fromEntries(functions.map((name) => [name, aFunction])));
      expect(connection).toMatchObject({
        bytesNeeded: 4,
        chunks: [],
        sessionLifetime: { toNumber: aFunction },
      });
      expect(connection.sessionLifetime.toNumber()).toBe(0);
      expect(connection.requestQueue).toMatchObject({
        pending: [],
        push: aFunction,
        rejectAll: aFunction,
        scheduleCheckPendingRequests: aFunction,
      });
    }
    expect([broker.versions, typeof broker.connect, typeof pool.getConnection]).toEqual([null, 'function', 'function']);
  });

  it('uses the connection that getConnection gives for the greeting, and numbers its requests from there', async () => {
    const { connection, close } = await open();
    expect(await ask(connection)).toMatchObject({ _tag: 'Right' });
    expect(server.sockets).toHaveLength(1);
    close('done');
  });
});

describe('timers of an idle connection', () => {
  beforeEach(async () => {
    await serve(answers);
    // Sockets, promises and immediates stay real; timers stand still and can be counted.
    jest.useFakeTimers({
      doNotFake: ['nextTick', 'setImmediate', 'clearImmediate', 'queueMicrotask', 'hrtime', 'Date'],
    });
  });
  afterEach(() => jest.useRealTimers());

  const answered = (connection: Connection): Promise<unknown> => {
    const correlationId = connection.nextCorrelationId();
    return new Promise((resolve, reject) => {
      const entry = { apiKey: 22, apiName: 'InitProducerId', apiVersion: 0, correlationId, resolve, reject };
      const sendRequest = (): void =>
        void setImmediate(() => connection.processData(answerTo(correlationId, PRODUCER_ID)));
      connection.requestQueue.push({ entry, expectResponse: true, requestTimeout: null, sendRequest });
    });
  };

  it('are stopped for a reason: kafkajs starts one after an answer, and from that the next', async () => {
    const { connection, sockets } = plainConnection({ enforceRequestTimeout: false });
    await connection.connect();
    expect(jest.getTimerCount()).toBe(0);
    await answered(connection);
    expect(jest.getTimerCount()).toBe(1);
    jest.advanceTimersByTime(100);
    expect(jest.getTimerCount()).toBe(1);
    sockets[0]?.destroy();
  });

  it('are begun at a negative delay by kafkajs, of which Node 24 warns', async () => {
    const { connection, sockets } = plainConnection({ enforceRequestTimeout: false });
    await connection.connect();
    const started = jest.spyOn(globalThis, 'setTimeout');
    await answered(connection);
    expect(started).toHaveBeenCalledTimes(1);
    expect(started.mock.calls[0]?.[1]).toBeLessThan(0);
    started.mockRestore();
    sockets[0]?.destroy();
  });

  it('look for late answers every 100 ms, which ours do not need', async () => {
    const { connection, sockets } = plainConnection();
    await connection.connect();
    expect(jest.getTimerCount()).toBe(1);
    sockets[0]?.destroy();
  });

  it('are none here: after connecting, after answers, and after the end', async () => {
    const started = jest.spyOn(globalThis, 'setTimeout');
    const { connection, close } = await open();
    expect(jest.getTimerCount()).toBe(0);
    expect(await ask(connection)).toMatchObject({ _tag: 'Right' });
    expect(await ask(connection)).toMatchObject({ _tag: 'Right' });
    expect(jest.getTimerCount()).toBe(0);
    close('done');
    expect(jest.getTimerCount()).toBe(0);
    expect(started.mock.calls.filter(([, delayMs]) => !((delayMs ?? 0) >= 0))).toEqual([]);
    started.mockRestore();
  });

  it('are none here after an attempt that fails', async () => {
    const tried = attempt();
    await new Promise(setImmediate);
    tried.close('not needed');
    await tried.opened;
    expect(jest.getTimerCount()).toBe(0);
  });
});

describe('the socket', () => {
  beforeEach(() => serve(answers));
  afterEach(() => jest.restoreAllMocks());

  it('is made here for a reason: kafkajs leaves the algorithm of Nagle on', async () => {
    const noDelay = jest.spyOn(Socket.prototype, 'setNoDelay');
    const socket = defaultSocketFactory()({ host: '127.0.0.1', port: server.port, onConnect: () => undefined });
    await once(socket, 'connect');
    expect(noDelay).not.toHaveBeenCalled();
    socket.destroy();
  });

  it.each([true, false])('sends small writes at once as the settings say: %s', async (noDelay) => {
    const set = jest.spyOn(Socket.prototype, 'setNoDelay');
    const { close } = await open({ noDelay });
    expect(set.mock.calls).toEqual([[noDelay]]);
    close('done');
  });

  it.each([
    [true, [[true, 60_000]]],
    [false, []],
  ])('is probed while idle as the settings say: %s', async (keepAlive, calls) => {
    const set = jest.spyOn(Socket.prototype, 'setKeepAlive');
    const { close } = await open({ keepAlive });
    expect(set.mock.calls).toEqual(calls);
    close('done');
  });
});

describe('closing', () => {
  beforeEach(() => serve(isSilent));

  it("goes around kafkajs's disconnect for a reason: it waits for answers that never come", async () => {
    const { connection, sockets } = plainConnection({ enforceRequestTimeout: false });
    await connection.connect();
    const entry = { correlationId: connection.nextCorrelationId(), resolve: () => undefined, reject: () => undefined };
    connection.requestQueue.push({ entry, expectResponse: true, requestTimeout: null, sendRequest: () => undefined });
    expect(await settles(connection.disconnect())).toBe(false);
    expect(connection.requestQueue.inflight.size).toBe(1);
    sockets[0]?.destroy();
  });

  it('ends at once what waits for an answer, and the socket', async () => {
    const { connection, close } = await open();
    const waiting = [ask(connection), ask(connection)];
    await once(server.sockets[0] ?? new Socket(), 'data');
    const gone = once(server.sockets[0] ?? new Socket(), 'close');
    close('enough');
    expect(await Promise.all(waiting)).toEqual(
      waiting.map(() => ({ _tag: 'Left', left: { kind: 'unknown', message: 'enough' } })),
    );
    await gone;
  });

  it('passes an error to the socket for a reason: without one, kafkajs waits for its connection for ever', async () => {
    const { connection, sockets } = plainConnection();
    const connecting = connection.connect();
    sockets[0]?.destroy();
    expect(await settles(connecting)).toBe(false);
    sockets[0]?.emit('error', new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
  });

  it('ends an attempt that waits for a connection', async () => {
    const tried = attempt();
    tried.close('enough');
    expect(await tried.opened).toEqual({ _tag: 'Left', left: 'enough' });
  });
});
