import type { AllUnread } from './unread';

/** The connections of all sources of a daemon, which share what there is for them. */
export interface AllConnections {
  /** Open at once; more are closed as they come. */
  readonly most: number;
  open: number;
  readonly unread: AllUnread;
}

/** None is open yet. Keep `most` under the limit of open files. */
export const allConnections = (most = Infinity): AllConnections => ({ most, open: 0, unread: { bytes: 0 } });
