import { ByteReader } from '../../../src/sinks/kafka/byteReader';
import { ByteWriter } from '../../../src/sinks/kafka/byteWriter';
import { frameRequest, versionOf } from '../../../src/sinks/kafka/requestFrame';
import { metadataRequest, produceRequest, producerIdRequest } from '../../../src/sinks/kafka/requests';

const hex = (pieces: readonly Buffer[]): string => Buffer.concat(pieces).toString('hex');
const reader = (text: string): ByteReader => new ByteReader(Buffer.from(text.replaceAll(' ', ''), 'hex'));
const batch = (topic: string, partition: number, text: string) => ({
  topic,
  partition,
  header: Buffer.from('h'),
  payload: Buffer.from(text),
});

describe('Produce', () => {
  it('groups partitions by topic and copies no payload', () => {
    const payload = Buffer.from('payload');
    const request = produceRequest(
      [{ ...batch('t', 1, ''), payload }, batch('u', 0, 'x'), batch('t', 2, 'y')],
      -1,
      1000,
    );
    const pieces = request.encode();
    expect(pieces).toContain(payload);
    expect(hex(pieces)).toBe(
      [
        'ffff ffff 000003e8 00000002',
        '0001 74 00000002 00000001 00000008 68 7061796c6f6164 00000002 00000002 68 79',
        '0001 75 00000001 00000000 00000002 68 78',
      ]
        .join('')
        .replaceAll(' ', ''),
    );
  });

  it('reads version 8 with the records it names', () => {
    const { decode } = produceRequest([], -1, 0);
    const bytes =
      '00000001 0001 74 00000001 00000003 0057 ffffffffffffffff ffffffffffffffff 0000000000000000' +
      '00000001 00000005 0003 626164 0004 64617461 00000064';
    expect(decode(reader(bytes), 8)).toEqual({
      partitions: [{ topic: 't', partition: 3, code: 87, records: [{ index: 5, message: 'bad' }], message: 'data' }],
      throttleMs: 100,
    });
  });

  it.each([
    [3, ''],
    [5, '0000000000000000'],
  ])('reads version %d', (version, logStart) => {
    const { decode } = produceRequest([], -1, 0);
    const bytes = `00000001 0001 74 00000001 00000003 0000 0000000000000007 ffffffffffffffff ${logStart} 00000000`;
    expect(decode(reader(bytes), version)).toEqual({
      partitions: [{ topic: 't', partition: 3, code: 0, records: [], message: undefined }],
      throttleMs: 0,
    });
  });

  it('stands for its answer itself where no acknowledgement is wanted', () => {
    expect(produceRequest([batch('t', 1, '')], 1, 0).unanswered).toBeUndefined();
    expect(produceRequest([batch('t', 1, '')], 0, 0).unanswered).toMatchObject({
      partitions: [{ topic: 't', partition: 1, code: 0 }],
    });
  });

  it.each(['', '0000', '7fffffff', '00000001 0001 74 00000001 00000003 0057 ffff'])(
    'does not take %j for an answer',
    (bytes) => {
      expect(() => produceRequest([], -1, 0).decode(reader(bytes), 8)).toThrow();
    },
  );
});

describe('Metadata', () => {
  it('asks for its topics alone, and never for all', () => {
    expect(hex(metadataRequest(['t'], true).encode())).toBe('0000000100017401');
    expect(hex(metadataRequest([], false).encode())).toBe('0000000000');
  });

  it('reads brokers, and leaders by partition', () => {
    const bytes =
      '00000000 00000001 00000007 0004 686f7374 00002384 ffff 0001 63 00000007 00000002' +
      '0000 0001 74 00 00000002' +
      '0000 00000001 00000007 00000001 00000007 00000001 00000007' +
      '0005 00000000 ffffffff 00000000 00000000' +
      '0003 0001 75 00 00000000';
    expect(metadataRequest(['t', 'u'], true).decode(reader(bytes), 4)).toEqual({
      brokers: [{ id: 7, host: 'host', port: 9092 }],
      topics: [
        { topic: 't', code: 0, leaders: [-1, 7] },
        { topic: 'u', code: 3, leaders: [] },
      ],
    });
  });
});

describe('InitProducerId', () => {
  it('asks outside any transaction', () => {
    expect(hex(producerIdRequest.encode())).toBe('ffff7fffffff');
  });

  it('reads the id', () => {
    expect(producerIdRequest.decode(reader('00000000 0000 00000000000003e9 0002'), 1)).toEqual({
      code: 0,
      producerId: 1001n,
      epoch: 2,
    });
  });
});

describe('frameRequest', () => {
  const framed = frameRequest(producerIdRequest, 1, 5, 'id');

  it('puts length and header before the body', () => {
    expect(hex(framed)).toBe('00000012 0016 0001 00000005 0002 6964 ffff7fffffff'.replaceAll(' ', ''));
  });

  it('joins what is small and leaves what is large where it lies', () => {
    expect(framed).toHaveLength(1);
    const payload = Buffer.alloc(100_000);
    const request = produceRequest([{ ...batch('t', 0, ''), payload }], -1, 0);
    expect(frameRequest(request, 8, 5, 'id')).toContain(payload);
  });
});

describe('versionOf', () => {
  const request = produceRequest([], -1, 0);
  it.each([
    [{ minVersion: 3, maxVersion: 12 }, 8],
    [{ minVersion: 0, maxVersion: 5 }, 5],
    [{ minVersion: 0, maxVersion: 2 }, undefined],
    [{ minVersion: 9, maxVersion: 12 }, undefined],
    [undefined, undefined],
  ])('finds the highest that both know: %j', (known, version) => {
    expect(versionOf(request, known)).toBe(version);
  });
});

describe('ByteReader and ByteWriter', () => {
  it('agree', () => {
    const bytes = Buffer.concat(new ByteWriter().int8(1).int16(-2).int32(-3).string('ü').string(undefined).end());
    const read = new ByteReader(bytes);
    expect([read.skip(1)[0], read.int16(), read.int32(), read.string(), read.string()]).toEqual([
      1,
      -2,
      -3,
      'ü',
      undefined,
    ]);
  });
});
