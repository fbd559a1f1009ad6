/** More is waiting to be written than may: the daemon is away, or does not read. */
export class QueueFullError extends Error {
  override readonly name = 'QueueFullError';
  constructor(
    readonly waitingBytes: number,
    readonly maxQueueBytes: number,
  ) {
    super(`expected at most ${maxQueueBytes} bytes that wait for the daemon, found ${waitingBytes}`);
  }
}

/** The producer is closed, or was before the message could be written. */
export class ClosedError extends Error {
  override readonly name = 'ClosedError';
  constructor() {
    super('expected a producer that is open, found one that is closed');
  }
}

/** What is asked for has not happened in time. */
export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';
  constructor(what: string, timeoutMs: number) {
    super(`${what}: expected it within ${timeoutMs} ms`);
  }
}
