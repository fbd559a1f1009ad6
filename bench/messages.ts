/** The messages of a run: JSON-like text that snappy compresses about 3:1, the same in every run. */

/** A small generator of numbers (mulberry32): at least 0, below 1, the same sequence for the same seed. */
const randomFrom = (seed: number) => (): number => {
  seed = (seed + 0x6d2b79f5) | 0;
  let t = Math.imul(seed ^ (seed >>> 15), 1 | seed);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
};

const PATHS = ['/api/v1/orders', '/api/v1/carts/items', '/login', '/search', '/products/detail', '/checkout/payment'];
const AGENTS = ['Mozilla/5.0 (X11; Linux x86_64)', 'Mozilla/5.0 (Macintosh; Intel)', 'okhttp/4.12.0', 'curl/8.5.0'];

/** Distinct messages; far more bytes than a compressor looks back on. */
export const POOL = 10_000;

/** {@link POOL} messages of `size` bytes without a line break. */
export const messagePool = (size: number): readonly string[] => {
  const random = randomFrom(42);
  const below = (n: number): number => Math.floor(random() * n);
  const pick = (from: readonly string[]): string => from[below(from.length)] ?? '';
  const record = (i: number): string =>
    JSON.stringify({
      ts: 1_700_000_000_000 + i * 7 + below(7),
      request: below(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
      trace: below(2 ** 32)
        .toString(16)
        .padStart(8, '0'),
      user: 100_000 + below(900_000),
      path: pick(PATHS),
      status: pick(['200', '200', '200', '302', '404']),
      ms: below(900),
      agent: pick(AGENTS),
      level: 'info',
      host: `web-${below(8)}`,
    });
  return Array.from({ length: POOL }, (_, i) => {
    let text = record(i);
    while (text.length < size) text += record(i + POOL);
    return text.slice(0, size);
  });
};

/** The key of the message at `i` of the pool, for runs with keys. */
export const keyOf = (i: number): string => `user-${i % 1000}`;

/** Not a digit first: rsyslog takes that for a length. */
const STAMP = /^t=(\d+) /;

/** The time, as a message begins with it: nanoseconds of a clock that all processes of the machine share. */
export const stampOf = (): string => `t=${process.hrtime.bigint()} `;

/** Milliseconds since `message` was stamped; undefined where it was not. */
export const millisSince = (message: string): number | undefined => {
  const stamp = STAMP.exec(message)?.[1];
  return stamp === undefined ? undefined : Number(process.hrtime.bigint() - BigInt(stamp)) / 1e6;
};
