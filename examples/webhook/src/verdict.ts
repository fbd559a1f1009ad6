import type { Cause, Rest } from 'kahets';

/** What an answer, or the lack of one, says of the messages of a request. */
export type Verdict =
  | { readonly is: 'taken' }
  /** Some of them will never be taken. */
  | { readonly is: 'poison'; readonly message: string }
  /** `waitMs`: the receiver asks not to be asked again before. */
  | {
      readonly is: 'unavailable';
      readonly message: string;
      readonly written: Rest['written'];
      readonly waitMs?: number | undefined;
    };

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
}

/** It has read the messages and does not want them: what it says of each of them alone tells which ones it means. */
const POISON: ReadonlySet<number> = new Set([400, 413, 422]);

/** It may have taken some before it failed. */
const UNKNOWN: ReadonlySet<number> = new Set([500, 502, 504]);

const ADVICE: ReadonlyMap<number, string> = new Map([
  [401, 'look at `headers`'],
  [403, 'look at `headers`'],
  [404, 'look at `url`'],
  [405, 'look at `url`'],
]);

/** The error codes of a request that never left. */
const NOT_SENT: ReadonlySet<string> = new Set([
  ...['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH', 'UND_ERR_CONNECT_TIMEOUT'],
]);

/** However long it asks for. */
const LONGEST_WAIT_MS = 3_600_000;

/** Seconds, or a date; undefined: neither. */
export const waitOf = (retryAfter: string | null, nowMs: number): number | undefined => {
  if (retryAfter === null) return undefined;
  const ms = /^\d+$/.test(retryAfter) ? Number(retryAfter) * 1000 : Date.parse(retryAfter) - nowMs;
  return Number.isFinite(ms) ? Math.min(Math.max(0, ms), LONGEST_WAIT_MS) : undefined;
};

/**
 * A failure that is nobody's fault in particular, a token that has run out too, is `unavailable`: a backup takes the messages, and
 * nothing is lost while somebody mends it.
 */
export const verdictOn = ({ status, retryAfter }: Answer, nowMs: number): Verdict => {
  if (status >= 200 && status < 300) return { is: 'taken' };
  if (POISON.has(status)) return { is: 'poison', message: `answered ${status}` };
  const advice = status >= 300 && status < 400 ? 'give the `url` that it redirects to' : ADVICE.get(status);
  return {
    is: 'unavailable',
    message: `answered ${status}${advice === undefined ? '' : `; ${advice}`}`,
    written: UNKNOWN.has(status) ? 'unknown' : 'no',
    waitMs: waitOf(retryAfter, nowMs),
  };
};

/** By shape, not by `instanceof`: a test may run in a realm of its own. */
const textIn = (error: unknown, key: 'code' | 'name'): string | undefined => {
  if (typeof error !== 'object' || error === null) return undefined;
  const value: unknown = Reflect.get(error, key);
  return typeof value === 'string' ? value : undefined;
};

/** Of a system call, which `fetch` gives as the cause of its own error. */
const codeOf = (error: unknown): string | undefined =>
  textIn(error, 'code') ??
  (typeof error === 'object' && error !== null && 'cause' in error ? codeOf(error.cause) : undefined);

export const verdictOnError = (error: unknown): Verdict => {
  const code = codeOf(error);
  return {
    is: 'unavailable',
    message: textIn(error, 'name') === 'TimeoutError' ? 'no answer in time' : (code ?? String(error)),
    written: code !== undefined && NOT_SENT.has(code) ? 'no' : 'unknown',
  };
};

export const causeOf = ({ is, message }: Exclude<Verdict, { is: 'taken' }>, where: string): Cause => ({
  kind: is,
  message: `${where}: ${message}`,
});
