import * as E from 'fp-ts/Either';
import type { Timers } from '../timers';

export interface SessionOptions {
  /** How long the broker's last authentication holds; 0: as long as the connection. */
  readonly lifetimeMs: () => number;
  /** Has ready what authenticating takes. */
  readonly prepare: () => Promise<E.Either<string, unknown>>;
  /** Authenticates on the connection, on which nothing else is on its way. */
  readonly authenticate: () => Promise<E.Either<string, unknown>>;
  /** Ends the connection, on which nothing is on its way. */
  readonly end: (cause: string) => void;
  readonly timers: Timers;
}

/** An authenticated connection that authenticates anew before the broker ends it (KIP-368). */
export interface Session {
  /** Sends now, or as soon as the connection is authenticated anew. */
  run<A>(send: () => Promise<A>): Promise<A>;
  /** The connection has ended. What waits here is let go, to find that out. */
  close(): void;
}

/** The part of a session after which it is renewed; what is left is for requests on their way and for another try. */
const RENEW_AT = 0.85;
/** With less than this left, and nothing to authenticate with, the connection is ended in order. */
const LAST_MS = 1000;
/** Timers take no more than 24 days. */
const MAX_MS = 24 * 3600 * 1000;

/**
 * Keeps the session of a connection that has just been authenticated.
 *
 *     session   ├────────── 85 % ─────┤ expires
 *     requests  a─b──c───────d┊ ┊e──   d is answered, then the renewal, then e leaves
 */
export const keepSession = (options: SessionOptions): Session => {
  const { timers } = options;
  let inFlight = 0;
  let drained: (() => void) | undefined;
  /** Requests wait for it. */
  let renewal: { readonly over: Promise<void>; readonly end: () => void } | undefined;
  let cancel = (): void => undefined;
  let closed = false;
  const isClosed = (): boolean => closed;

  /** Renews after a part of the session that has begun now, or is this long still. */
  const renewIn = (leftMs: number, part: number): void => {
    if (leftMs <= 0) return;
    const afterMs = Math.min(leftMs * part, MAX_MS);
    cancel = timers.after(afterMs, () => void renew(leftMs - afterMs));
  };

  const renew = async (leftMs: number): Promise<void> => {
    const prepared = await options.prepare();
    if (isClosed()) return;
    if (E.isLeft(prepared) && leftMs > LAST_MS) {
      renewIn(leftMs, 0.5);
      return;
    }
    hold();
    await allAnswered();
    if (isClosed()) return;
    const renewed = E.isLeft(prepared) ? prepared : await options.authenticate();
    if (isClosed()) return;
    if (E.isLeft(renewed)) options.end(renewed.left);
    else renewIn(options.lifetimeMs(), RENEW_AT);
    release();
  };

  const hold = (): void => {
    let end = (): void => undefined;
    const over = new Promise<void>((resolve) => (end = resolve));
    renewal = { over, end };
  };
  const release = (): void => {
    renewal?.end();
    renewal = undefined;
  };
  const allAnswered = (): Promise<void> =>
    new Promise((resolve) => {
      if (inFlight === 0) resolve();
      else drained = resolve;
    });

  renewIn(options.lifetimeMs(), RENEW_AT);
  return {
    async run(send) {
      // Another renewal may begin before those who waited for this one have had their turn.
      while (renewal) await renewal.over;
      inFlight += 1;
      try {
        return await send();
      } finally {
        inFlight -= 1;
        if (inFlight === 0) drained?.();
      }
    },
    close() {
      closed = true;
      cancel();
      release();
      drained?.();
    },
  };
};
