/** A message that is longer than the daemon takes. */
export class MessageTooLong extends Error {
  override readonly name = 'MessageTooLong';
  constructor(
    /** Counted from 1. */
    readonly messageNumber: number,
    maxBytes: number,
  ) {
    super(`message ${messageNumber}: expected at most ${maxBytes} bytes, found more`);
  }
}

const LINE_END = 0x0a;

/**
 * Cuts bytes into lines, without their ends; the last need not have one. A line of any length is held only up to `maxBytes`.
 *
 * @throws MessageTooLong after all lines before it
 */
export const lines = async function* (
  chunks: AsyncIterable<Buffer>,
  maxBytes: number,
): AsyncGenerator<readonly Buffer[]> {
  let begun: Buffer[] = [];
  let bytes = 0;
  let count = 0;
  for await (const chunk of chunks) {
    const found: Buffer[] = [];
    let at = 0;
    for (let end = chunk.indexOf(LINE_END); end >= 0; end = chunk.indexOf(LINE_END, at)) {
      bytes += end - at;
      if (bytes > maxBytes) break;
      begun.push(chunk.subarray(at, end));
      found.push(begun.length === 1 ? chunk.subarray(at, end) : Buffer.concat(begun));
      begun = [];
      bytes = 0;
      at = end + 1;
    }
    if (bytes <= maxBytes && at < chunk.length) {
      begun.push(chunk.subarray(at));
      bytes += chunk.length - at;
    }
    if (found.length > 0) yield found;
    count += found.length;
    if (bytes > maxBytes) throw new MessageTooLong(count + 1, maxBytes);
  }
  if (begun.length > 0) yield [Buffer.concat(begun)];
};

/**
 * All bytes as one.
 *
 * @throws MessageTooLong
 */
export const whole = async (chunks: AsyncIterable<Buffer>, maxBytes: number): Promise<Buffer> => {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of chunks) {
    parts.push(chunk);
    bytes += chunk.length;
    if (bytes > maxBytes) throw new MessageTooLong(1, maxBytes);
  }
  return Buffer.concat(parts);
};

/** `message`, `count` times, some at a time. */
export const repeated = function* (message: Buffer, count: number): Generator<readonly Buffer[]> {
  const AT_ONCE = 1000;
  const some = Array.from({ length: Math.min(count, AT_ONCE) }, () => message);
  for (let left = count; left > 0; left -= some.length) yield left < some.length ? some.slice(0, left) : some;
};
