import type * as E from 'fp-ts/Either';
import type { Log } from '../../model';
import type { Request } from './requests';
import type { Security } from './security/openSecurity';
import type { Timers } from './timers';

/** Why a request has no answer. `unknown`: it had left, the broker may have acted on it. */
export interface RequestFailure {
  readonly kind: 'not_sent' | 'unknown' | 'unsupported';
  readonly message: string;
}

/** A connection to one broker, for as long as its socket lives; it never reconnects. */
export interface BrokerConnection {
  /** Sends at once, in the order of the calls. No answer within `timeoutMs` ends the connection. */
  request<A>(request: Request<A>, timeoutMs: number): Promise<E.Either<RequestFailure, A>>;
}

/** A connection that is on its way or stands. */
export interface ConnectionAttempt {
  readonly opened: Promise<E.Either<string, BrokerConnection>>;
  /** Ends it, whatever it is doing; what waits for an answer fails. */
  close(cause: string): void;
}

export interface ConnectionOptions {
  readonly clientId: string;
  readonly connectionSetupTimeoutMs: number;
  readonly keepAlive: boolean;
  readonly noDelay: boolean;
  /** Default: in the clear and nameless. */
  readonly security?: Security;
  readonly log: Log;
  readonly timers: Timers;
  /** Called once, when a connection that stood has ended. */
  readonly onClose: (cause: string) => void;
}
