import type { CommandEnd } from '../../command';

/** How the work on the files ended. */
export interface Ended<R> extends CommandEnd {
  readonly reports: readonly R[];
}
