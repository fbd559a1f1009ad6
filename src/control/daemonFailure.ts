import type { PlacedProblem } from '../config/report';

/**
 * What kept a daemon from doing what it was asked for. `configuration`: what was configured is wrong, and `problems` is all of it.
 * `open`: a stream could not be opened. `listen`: a socket could not be listened on. `notRunning`: a reload was asked for where nothing
 * runs. `unexpected`: a defect, or an error of a source or an operator of yours, which is the `cause`.
 */
export type FailureReason = 'configuration' | 'open' | 'listen' | 'notRunning' | 'unexpected';

/**
 * A daemon could not be made, could not start, or ended before it was told to. Its message is for people: a line for each problem, with
 * its place, what was expected and what was found, and never a secret.
 */
export class DaemonFailure extends Error {
  override readonly name = 'DaemonFailure';
  constructor(
    readonly reason: FailureReason,
    message: string,
    /** All that is wrong with the configuration. Empty for other reasons. */
    readonly problems: readonly PlacedProblem[] = [],
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
