import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer, Socket, type Server } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { createServer as createTlsServer, type Server as TlsServer } from 'node:tls';
import RequestQueue from 'kafkajs/src/network/requestQueue';
import { asyncScheduler } from 'rxjs';
import { connectBroker } from '../../../src/sinks/kafka/cluster';
import { stopPolling } from '../../../src/sinks/kafka/requestQueue';
import { createTimers } from '../../../src/sinks/kafka/timers';
import { producerIdRequest } from '../../../src/sinks/kafka/requests';
import { openSecurity, type Security } from '../../../src/sinks/kafka/security/openSecurity';
import type { TlsSettings } from '../../../src/sinks/kafka/settings/types';
import { memoryLog } from '../../../src/testing/builders';
import { makeCertificates, type Certificates } from '../../support/certificates';
import { freePorts } from '../../support/kafka';
import { answerTo, API_VERSIONS, correlationIdOf } from './kafkajsServer';
import { TLS_DEFAULTS } from './settingsOf';

const IN_THE_CLEAR: Security = { tls: undefined, sasl: undefined };

const newQueue = (): RequestQueue => {
  const logger = { namespace: () => logger, debug: () => undefined, warn: () => undefined };
  return new RequestQueue({ maxInFlightRequests: null, requestTimeout: 1000, enforceRequestTimeout: false, logger });
};

describe('stopPolling', () => {
  it('is needed: an idle queue of kafkajs starts a timer', () => {
    const queue = newQueue();
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
  });

  it('leaves an idle queue without a timer, and one with waiting requests with it', () => {
    const queue = newQueue();
    stopPolling(queue);
    queue.checkPendingRequests();
    expect(queue.throttleCheckTimeoutId).toBeNull();
    queue.pending.push({});
    queue.scheduleCheckPendingRequests();
    expect(queue.throttleCheckTimeoutId).not.toBeNull();
    queue.destroy();
  });
});

describe('connectBroker', () => {
  let server: Server;
  let sockets: Socket[];
  let onSocket: (socket: Socket) => void;
  let closed: string[];
  const timers = createTimers(asyncScheduler);

  const portOf = (): number => {
    const address = server.address();
    return typeof address === 'object' && address ? address.port : 0;
  };
  const connect = ({
    host = '127.0.0.1',
    port = portOf(),
    connectionSetupTimeoutMs = 5000,
    security = IN_THE_CLEAR,
  } = {}) => {
    const causes = closed;
    return connectBroker(host, port, {
      security,
      clientId: 'spec',
      connectionSetupTimeoutMs,
      keepAlive: true,
      noDelay: true,
      log: memoryLog(),
      timers,
      onClose: (cause) => causes.push(cause),
    });
  };
  /** Answers ApiVersions, and hands every later request's correlation id to `next`. */
  const speaks = (next: (socket: Socket, correlationId: number) => unknown) => (socket: Socket) => {
    let first = true;
    socket.on('data', (bytes) => {
      const correlationId = correlationIdOf(bytes);
      if (first) socket.write(answerTo(correlationId, API_VERSIONS));
      else next(socket, correlationId);
      first = false;
    });
  };
  const open = async () => {
    const opened = await connect().opened;
    if (opened._tag === 'Left') throw new Error(opened.left);
    return opened.right;
  };

  beforeEach(async () => {
    closed = [];
    sockets = [];
    onSocket = () => undefined;
    server = createServer((socket) => {
      sockets.push(socket);
      socket.on('error', () => undefined);
      onSocket(socket);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
  });
  afterEach(async () => {
    jest.restoreAllMocks();
    for (const socket of sockets) socket.destroy();
    server.close();
    await once(server, 'close');
  });

  it('says why there is no connection', async () => {
    const [port = 0] = await freePorts(1);
    const opened = await connect({ port }).opened;
    expect(JSON.stringify(opened)).toContain('ECONNREFUSED');
    expect(closed).toEqual([]);
  });

  it('ends an attempt that is on its way', async () => {
    const attempt = connect();
    attempt.close('not needed');
    expect(await attempt.opened).toEqual({ _tag: 'Left', left: 'not needed' });
    expect(closed).toEqual([]);
  });

  it('gives up a broker that takes the connection and says nothing', async () => {
    const opened = await connect({ connectionSetupTimeoutMs: 50 }).opened;
    expect(opened).toMatchObject({ _tag: 'Left', left: expect.stringContaining('says nothing') as unknown });
  });

  it('sends requests and reads answers', async () => {
    const id = Buffer.from('00000000 0000 00000000000003e9 0002'.replaceAll(' ', ''), 'hex');
    onSocket = speaks((socket, correlationId) => socket.write(answerTo(correlationId, id)));
    const connection = await open();
    expect(await connection.request(producerIdRequest, 5000)).toEqual({
      _tag: 'Right',
      right: { code: 0, producerId: 1001n, epoch: 2 },
    });
  });

  it('does not know what became of a request when the connection is lost, and sends nothing after', async () => {
    onSocket = speaks((socket) => socket.destroy());
    const connection = await open();
    expect(await connection.request(producerIdRequest, 5000)).toMatchObject({
      _tag: 'Left',
      left: { kind: 'unknown' },
    });
    expect(await connection.request(producerIdRequest, 5000)).toMatchObject({
      _tag: 'Left',
      left: { kind: 'not_sent' },
    });
    while (closed.length === 0) await new Promise(setImmediate);
    expect(sockets).toHaveLength(1);
  });

  it('ends a connection on which no answer comes in time', async () => {
    onSocket = speaks(() => undefined);
    const connection = await open();
    expect(await connection.request(producerIdRequest, 20)).toMatchObject({ _tag: 'Left', left: { kind: 'unknown' } });
    expect(closed).toEqual([expect.stringContaining(`:${portOf()}: no answer to InitProducerId within 20 ms`)]);
  });

  it('ends a connection whose answers cannot be read', async () => {
    onSocket = speaks((socket, correlationId) => socket.write(answerTo(correlationId, Buffer.alloc(2))));
    const connection = await open();
    expect(await connection.request(producerIdRequest, 5000)).toMatchObject({
      _tag: 'Left',
      left: { kind: 'unknown' },
    });
    expect(closed).toEqual([`127.0.0.1:${portOf()}: an answer to InitProducerId that cannot be read`]);
  });

  it('ends a connection on which something else than Kafka speaks', async () => {
    onSocket = (socket) => socket.end('\0\0\0\x01what');
    expect(await connect().opened).toMatchObject({
      _tag: 'Left',
      left: expect.stringContaining('not Kafka') as unknown,
    });
  });

  it('switches Nagle off, and starts no timer while it is idle', async () => {
    const noDelay = jest.spyOn(Socket.prototype, 'setNoDelay');
    onSocket = speaks(() => undefined);
    await open();
    expect(noDelay.mock.calls).toEqual([[true]]);
    const started = jest.spyOn(globalThis, 'setTimeout');
    // A polling timer of kafkajs would be due dozens of times.
    await delay(50);
    expect(started.mock.calls).toEqual([]);
  });

  describe('over TLS', () => {
    let certificates: Certificates;
    let secured: TlsServer;
    let names: unknown[];

    const connectTls = async (host: string, parts: Partial<TlsSettings> = {}) => {
      const all = { ...TLS_DEFAULTS, ca: { path: certificates.ca }, ...parts };
      const security = await openSecurity({ tls: all, sasl: undefined }, { log: memoryLog(), now: Date.now })();
      if (security._tag === 'Left') throw new Error(security.left);
      const address = secured.address();
      return connect({
        host,
        port: typeof address === 'object' && address ? address.port : 0,
        security: security.right,
      });
    };

    beforeAll(async () => {
      certificates = await makeCertificates();
    }, 30_000);
    afterAll(() => certificates.remove());
    beforeEach(async () => {
      names = [];
      const { certificate, key } = certificates.broker;
      const [cert, secret] = await Promise.all([readFile(certificate), readFile(key)]);
      secured = createTlsServer({ cert, key: secret }, (socket) => {
        sockets.push(socket);
        socket.on('error', () => undefined);
        names.push(socket.servername);
        onSocket(socket);
      }).listen(0, '127.0.0.1');
      secured.on('tlsClientError', () => undefined);
      await once(secured, 'listening');
    });
    afterEach(() => {
      secured.close();
    });

    it('asks for a name, but not for an address, without Nagle and timers', async () => {
      const noDelay = jest.spyOn(Socket.prototype, 'setNoDelay');
      onSocket = speaks(() => undefined);
      expect(await (await connectTls('localhost')).opened).toMatchObject({ _tag: 'Right' });
      expect(await (await connectTls('127.0.0.1')).opened).toMatchObject({ _tag: 'Right' });
      expect(names).toEqual(['localhost', false]);
      expect(noDelay.mock.calls).toEqual([[true], [true]]);
      const started = jest.spyOn(globalThis, 'setTimeout');
      await delay(50);
      expect(started.mock.calls).toEqual([]);
    });

    it('knows when the connection is lost', async () => {
      onSocket = speaks((socket) => socket.destroy());
      const opened = await (await connectTls('localhost')).opened;
      if (opened._tag === 'Left') throw new Error(opened.left);
      expect(await opened.right.request(producerIdRequest, 5000)).toMatchObject({ left: { kind: 'unknown' } });
      expect(closed).toHaveLength(1);
    });

    it('ends an attempt in the middle of the handshake', async () => {
      const attempt = await connectTls('localhost');
      attempt.close('not needed');
      expect(await attempt.opened).toEqual({ _tag: 'Left', left: 'not needed' });
    });

    it('says why there is no connection', async () => {
      const opened = await (await connectTls('localhost', { ca: { path: certificates.otherCa } })).opened;
      expect(opened).toMatchObject({ _tag: 'Left', left: expect.stringContaining('ssl.ca.location') as unknown });
    });
  });

  it('asks no broker when there is no token', async () => {
    const [port = 0] = await freePorts(1);
    const settings = {
      tokenEndpoint: `http://127.0.0.1:${port}`,
      clientId: 'id',
      clientSecret: 'secret',
      scope: undefined,
    };
    const sasl = { mechanism: 'OAUTHBEARER', ...settings, extensions: {} } as const;
    const security = await openSecurity({ tls: undefined, sasl }, { log: memoryLog(), now: Date.now })();
    if (security._tag === 'Left') throw new Error(security.left);
    const opened = await connect({ security: security.right }).opened;
    expect(opened).toMatchObject({ _tag: 'Left', left: expect.stringMatching(/^the token endpoint/) as unknown });
    expect(sockets).toEqual([]);
  });

  it('sends nothing that the broker does not know', async () => {
    onSocket = speaks(() => undefined);
    const connection = await open();
    const unknown = { ...producerIdRequest, versions: [5, 6] } as const;
    expect(await connection.request(unknown, 5000)).toMatchObject({ _tag: 'Left', left: { kind: 'unsupported' } });
  });
});
