export interface ReplicaWait {
  /** How long a broker may wait for replicas. */
  readonly requestTimeoutMs: number;
  /** After so long without an acknowledgement a backup takes over. Undefined: there is none. */
  readonly handOverMs: number | undefined;
}

/** The answer to a request is to be here so long before the backup takes over: then what was sent is not in doubt. */
const BEFORE_HAND_OVER_MS = 500;
/** Replicas always have this long, or a broker that is slow and no more would be asked again and again. */
const MIN_REQUEST_TIMEOUT_MS = 1_000;

/** How long the broker may wait for replicas of what has waited for `waitedMs`: no longer than until a backup takes over. */
export const replicaWaitMs = ({ requestTimeoutMs, handOverMs }: ReplicaWait, waitedMs: number): number =>
  handOverMs === undefined
    ? requestTimeoutMs
    : Math.min(requestTimeoutMs, Math.max(handOverMs - waitedMs - BEFORE_HAND_OVER_MS, MIN_REQUEST_TIMEOUT_MS));
