import { bodyOf, CONTENT_TYPES } from './encode';
import type { Settings } from './settings';
import { verdictOn, verdictOnError, type Verdict } from './verdict';

/** Sends one request. `id` is the same when the same messages are sent again, for a receiver that keeps count. Never fails. */
export type Post = (messages: readonly string[], id: string) => Promise<Verdict>;

export const createPost =
  ({ url, headers, format, timeoutMs }: Settings, now: () => number): Post =>
  async (messages, id) => {
    try {
      const answer = await fetch(url, {
        method: 'POST',
        headers: { ...headers, 'content-type': CONTENT_TYPES[format], 'idempotency-key': id },
        body: bodyOf(messages, format),
        // A redirected POST may come as a GET without its body.
        redirect: 'manual',
        signal: AbortSignal.timeout(timeoutMs),
      });
      // Only what is read to its end lets the connection be used again.
      await answer.arrayBuffer();
      return verdictOn({ status: answer.status, retryAfter: answer.headers.get('retry-after') }, now());
    } catch (error) {
      return verdictOnError(error);
    }
  };

/** Whether the receiver is there; what is wrong, or nothing. A webhook need not know HEAD: all but trouble of its own will do. */
export const look = async ({ url, headers }: Settings, timeoutMs: number): Promise<string | undefined> => {
  try {
    const { status } = await fetch(url, {
      ...{ method: 'HEAD', headers, redirect: 'manual', signal: AbortSignal.timeout(timeoutMs) },
    });
    const isThere = status < 500 && status !== 429 && status !== 401 && status !== 403;
    return isThere ? undefined : `answered ${status}`;
  } catch (error) {
    const verdict = verdictOnError(error);
    return verdict.is === 'taken' ? undefined : verdict.message;
  }
};
