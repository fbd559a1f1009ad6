import { problemLines } from '../config/report';
import { ListenError } from '../sources/listenError';
import { DaemonFailure } from './daemonFailure';
import type { DaemonError } from './lifecycle';
import type { ReloadError } from './reload';

/** What a daemon or a reload ended with, to be thrown. */
export const failureOf = (error: DaemonError | ReloadError): DaemonFailure => {
  switch (error.kind) {
    case 'configuration':
      return new DaemonFailure('configuration', problemLines(error.problems).join('\n'), error.problems);
    case 'open':
      return new DaemonFailure('open', `${error.error.sink}: ${error.error.message}`);
    case 'notRunning':
      return new DaemonFailure('notRunning', 'expected a daemon that runs, found one that does not, or that stops');
    case 'unexpected':
      return new DaemonFailure('unexpected', String(error.error), [], { cause: error.error });
    case 'run':
      return new DaemonFailure(error.error instanceof ListenError ? 'listen' : 'unexpected', String(error.error), [], {
        cause: error.error,
      });
  }
};
