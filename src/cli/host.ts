import type { Either } from 'fp-ts/Either';
import type { Observable } from 'rxjs';
import type { Configured } from '../control/configure';
import type { Env } from '../model';

/** What the command takes from its process. */
export interface ReplayHost {
  readonly configured: Either<readonly string[], Configured>;
  readonly out: (text: string) => void;
  readonly err: (text: string) => void;
  /** Standard error, where it is a terminal. */
  readonly terminal: NodeJS.WritableStream | undefined;
  /** The environment of the stream, whose log goes line by line to `write`. */
  readonly environment: (configured: Configured, write: (line: string) => void) => Env;
  /** Emits when somebody wants an end; it must replay. */
  readonly interrupted$: Observable<unknown>;
}

/** How the work on the files ended. */
export interface Ended<R> {
  readonly reports: readonly R[];
  readonly code: number;
  /** What is wrong, for people. */
  readonly problems: readonly string[];
}
