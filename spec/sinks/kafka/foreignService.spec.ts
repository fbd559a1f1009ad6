import { Socket } from 'node:net';
import Connection from 'kafkajs/src/network/connection';
import { describeService, guardAnswers } from '../../../src/sinks/kafka/foreignService';
import { stopPolling } from '../../../src/sinks/kafka/requestQueue';

const logger = { namespace: () => logger, error: () => undefined, debug: () => undefined, warn: () => undefined };

const newConnection = (): Connection =>
  new Connection({
    host: '127.0.0.1',
    port: 1,
    logger,
    socketFactory: () => new Socket(),
    connectionTimeout: 1000,
    requestTimeout: 1000,
  });

const NOT_A_LENGTH = ['ffffffffffff', '00000000', '0000000300000000', 'fffffff0aaaaaaaaaaaa', '80000000'].map((hex) =>
  Buffer.from(hex, 'hex'),
);

describe('describeService', () => {
  it.each([
    ['HTTP/1.1 400 Bad Request', 'an HTTP server'],
    ['SSH-2.0-OpenSSH_9.2p1', 'an SSH server'],
    ['220 mail.example.org ESMTP', 'something that begins with "220 mail.example"'],
    ['\x00"\n\u00ff', 'something that begins with ".".."'],
    ['', 'something that begins with ""'],
    ['\x15\x03\x03\x00\x02\x02P', 'TLS'],
    ['\x16\x03\x01', 'TLS'],
    ['\x18\x03', 'something that begins with ".."'],
    ['\x15\x04', 'something that begins with ".."'],
  ])('knows %j', (text, expected) => {
    expect(describeService(Buffer.from(text, 'latin1'))).toBe(expected);
  });
});

describe('guardAnswers', () => {
  it.each(NOT_A_LENGTH)('is needed: kafkajs throws out of its socket’s event at a length of %p', (bytes) => {
    expect(() => newConnection().processData(bytes)).toThrow();
  });

  it('is needed: kafkajs waits for a gigabyte when HTTP answers', () => {
    const connection = newConnection();
    connection.processData(Buffer.from('HTTP/1.1'));
    expect(connection.bytesNeeded).toBe(4 + Buffer.from('HTTP').readInt32BE());
  });

  const guarded = () => {
    const connection = newConnection();
    stopPolling(connection.requestQueue);
    const seen: string[] = [];
    guardAnswers(connection, {
      onBytes: (bytes) => seen.push(bytes.toString('latin1')),
      onForeign: () => seen.push('foreign'),
    });
    return { connection, seen };
  };

  it.each([...NOT_A_LENGTH, Buffer.from('HTTP/1.1'), Buffer.from('SSH-'), Buffer.from('15030300020250', 'hex')])(
    'ends a connection on which %p comes',
    (bytes) => {
      const { connection, seen } = guarded();
      connection.processData(bytes);
      expect(seen).toEqual([bytes.toString('latin1'), 'foreign']);
    },
  );

  it('hands on answers in pieces, up to the largest', () => {
    const { connection, seen } = guarded();
    const answered: unknown[] = [];
    const correlationId = connection.nextCorrelationId();
    const entry = { correlationId, resolve: (answer: unknown) => answered.push(answer), reject: () => undefined };
    connection.requestQueue.push({ entry, expectResponse: true, requestTimeout: null, sendRequest: () => undefined });
    for (const hex of ['0000', '0006000000', '00', 'abcd']) connection.processData(Buffer.from(hex, 'hex'));
    expect(answered).toMatchObject([{ payload: Buffer.from('abcd', 'hex') }]);
    connection.processData(Buffer.from((100_000_000 - 4).toString(16).padStart(8, '0'), 'hex'));
    expect(seen).not.toContain('foreign');
  });

  it('leaves nothing longer: 100 MB, as receive.message.max.bytes', () => {
    const { connection, seen } = guarded();
    connection.processData(Buffer.from((100_000_000 - 3).toString(16).padStart(8, '0'), 'hex'));
    expect(seen).toContain('foreign');
  });
});
