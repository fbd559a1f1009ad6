import type { Message, MessageOperator } from '../model';
import { MAX_BUCKET_BYTES } from '../wire/frame';
import { isUnchanged } from '../wire/message';

/** An operator of the user's, open. */
export interface NamedOperator {
  /** Its module, as it is configured. */
  readonly name: string;
  readonly apply: MessageOperator;
}

/** What operators made of a message, or why they made nothing of it. */
export type Passed =
  | { readonly how: 'unchanged' }
  | { readonly how: 'leftOut' }
  | { readonly how: 'changed'; readonly bucket: string; readonly frame: Buffer }
  | { readonly how: 'refused'; readonly cause: string };

const UNCHANGED: Passed = { how: 'unchanged' };
const LEFT_OUT: Passed = { how: 'leftOut' };

/** What a value is, without what is in it: `a number`. */
export const kindOf = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
};

const isThenable = (value: object): boolean => 'then' in value && typeof value.then === 'function';

const expectBytes = (place: string, value: unknown): void => {
  if (value !== null && !Buffer.isBuffer(value))
    throw new TypeError(`${place}: expected a Buffer or null, got ${kindOf(value)}`);
};

const expectHeaders = (headers: unknown): void => {
  if (!Array.isArray(headers)) throw new TypeError(`headers: expected a list, got ${kindOf(headers)}`);
  headers.forEach((header: unknown, index) => {
    if (!Array.isArray(header) || header.length !== 2 || typeof header[0] !== 'string')
      throw new TypeError(`headers[${index}]: expected [name, value], got ${kindOf(header)}`);
    expectBytes(`headers[${index}]`, header[1]);
  });
};

/** A name that other bytes stand for is none: a lone surrogate. */
const expectBucket = (bucket: unknown): void => {
  if (typeof bucket !== 'string') throw new TypeError(`bucket: expected a string, got ${kindOf(bucket)}`);
  const bytes = Buffer.from(bucket);
  if (bytes.length < 1 || bytes.length > MAX_BUCKET_BYTES)
    throw new RangeError(`bucket: expected 1 to ${MAX_BUCKET_BYTES} bytes, got ${bytes.length}`);
  if (bytes.toString() !== bucket) throw new RangeError('bucket: expected text that UTF-8 can say');
};

/** A message that `given` became. What is still the same needs no look. */
function expectMessage(value: unknown, given: Message): asserts value is Message {
  if (typeof value !== 'object' || value === null)
    throw new TypeError(`expected a message or undefined, got ${kindOf(value)}`);
  if (isThenable(value)) {
    // One that fails would end the process, since nobody looks at it.
    Promise.resolve(value).catch(() => undefined);
    throw new TypeError('expected a message or undefined, got a promise: it must answer at once');
  }
  const { bucket, key, value: bytes, headers, timestampMs } = value as Partial<Record<keyof Message, unknown>>;
  if (bucket !== given.bucket) expectBucket(bucket);
  if (key !== given.key) expectBytes('key', key);
  if (bytes !== given.value) expectBytes('value', bytes);
  if (headers !== given.headers) expectHeaders(headers);
  if (timestampMs !== given.timestampMs && !(Number.isSafeInteger(timestampMs) && Number(timestampMs) >= 0))
    throw new TypeError(`timestampMs: expected milliseconds since 1970, got ${kindOf(timestampMs)}`);
}

const LONGEST_CAUSE = 200;

/** The first line of an error, without what stands in double quotes there: JSON.parse quotes the message that it was given. */
const causeOf = (error: unknown): string => {
  const text = error instanceof Error ? `${error.name}: ${error.message}` : `it threw ${kindOf(error)}`;
  const [line = ''] = text.replace(/"[^]*"/, '"…"').split('\n');
  return line.length > LONGEST_CAUSE ? `${line.slice(0, LONGEST_CAUSE)}…` : line;
};

/**
 * Sends a message through operators, one after the other, until one leaves it out or fails. Never throws.
 *
 * @param encode writes one that has changed
 */
export const runOperators = (
  operators: readonly NamedOperator[],
  given: Message,
  encode: (message: Message) => Buffer,
): Passed => {
  let name = '';
  try {
    // What it does to its own copy is a change like any other.
    let message: Message = { ...given };
    for (const operator of operators) {
      name = operator.name;
      const next: unknown = operator.apply(message);
      if (next === undefined) return LEFT_OUT;
      expectMessage(next, given);
      message = next;
    }
    return isUnchanged(message, given) ? UNCHANGED : { how: 'changed', bucket: message.bucket, frame: encode(message) };
  } catch (error) {
    return { how: 'refused', cause: `${name}: ${causeOf(error)}` };
  }
};
