import { replicaWaitMs } from '../../../src/sinks/kafka/replicaWait';

describe('replicaWaitMs', () => {
  it.each([
    ['is request.timeout.ms without a backup', { requestTimeoutMs: 30_000, handOverMs: undefined }, 60_000, 30_000],
    ['ends before a backup takes over', { requestTimeoutMs: 30_000, handOverMs: 10_000 }, 0, 9_500],
    ['is shorter by what was waited already', { requestTimeoutMs: 30_000, handOverMs: 10_000 }, 4_000, 5_500],
    ['leaves replicas a second', { requestTimeoutMs: 30_000, handOverMs: 10_000 }, 9_000, 1_000],
    [
      'leaves them a second after the backup took over',
      { requestTimeoutMs: 30_000, handOverMs: 10_000 },
      60_000,
      1_000,
    ],
    ['is never above request.timeout.ms', { requestTimeoutMs: 500, handOverMs: 10_000 }, 9_000, 500],
  ])('%s', (_, wait, waitedMs, expected) => expect(replicaWaitMs(wait, waitedMs)).toBe(expected));
});
