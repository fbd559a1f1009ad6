import { encodeFrame } from '../../../src/wire/frame';
import { createBuffers } from '../../../src/sinks/kafka/buffers';
import type { Compress } from '../../../src/sinks/kafka/compression';
import { NOBODY } from '../../../src/sinks/kafka/producerIds';
import { ProducerBatch } from '../../../src/sinks/kafka/producerBatch';
import { bufferBytes } from '../../../src/sinks/kafka/recordBatch';

const BYTES = 1000;

const filled = (): ProducerBatch => {
  const batch = new ProducerBatch(createBuffers(bufferBytes(BYTES)), { count: 10, bytes: BYTES }, 100, () => undefined);
  const frame = encodeFrame('topic', 'message', 'key');
  batch.records.append(frame, 0, frame.length, 'topic'.length, 0);
  return batch;
};

describe('a batch whose compression fails is ready as it is', () => {
  it.each<[string, Compress]>([
    [
      'in the loop',
      () => {
        throw new Error('no memory');
      },
    ],
    ['on the pool', () => Promise.reject(new Error('no memory'))],
  ])('%s', async (_, compress) => {
    const batch = filled();
    await batch.compress(compress);
    expect(batch.state).toBe('ready');
    expect(batch.encode(NOBODY, -1).payload).toEqual(batch.records.records);
  });
});
