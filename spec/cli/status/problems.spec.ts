import { problemsOf } from '../../../src/cli/status/problems';
import { NOW_MS, statusDocumentOf, streamStatus } from '../../support/statusDocuments';

describe('problemsOf', () => {
  it('finds none where the daemon is ready and all streams are up', () => {
    expect(problemsOf(statusDocumentOf())).toEqual([]);
  });

  it('tells why it is not ready, and each stream that is not up', () => {
    const topic = { bucket: 'b', state: 'down' as const, sinceMs: NOW_MS, cause: 'too large' };
    const document = statusDocumentOf({
      daemon: { phase: 'stopping', ready: false, reasons: ['stopping: so it is', 'memory is full'] },
      streams: [
        streamStatus('k', { state: 'open', sinceMs: NOW_MS - 5_000, cause: 'ECONNREFUSED' }),
        streamStatus('l', { state: 'starting', sinceMs: undefined }),
        streamStatus('m', { topicsInTrouble: 30, topics: [topic] }),
      ],
    });
    expect(problemsOf(document)).toEqual([
      'not ready: stopping: so it is',
      'not ready: memory is full',
      'stream k is open for 5 s: ECONNREFUSED',
      'stream l is starting',
      'stream m does not take 30 buckets, b for one: too large',
    ]);
  });
});
