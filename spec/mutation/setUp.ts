/** For mutants: to look for the smallest counterexample of each takes longer than to find it. */
import { configureGlobal } from 'fast-check';
import { config } from 'rxjs';

configureGlobal({ endOnFailure: true });

/** An error that nobody catches fails a test; it would end the process, and with it the run of all other tests. */
const unhandled: unknown[] = [];
config.onUnhandledError = (error) => void unhandled.push(error);

afterEach(() => {
  const [error] = unhandled.splice(0);
  if (error !== undefined) throw new Error('an error that nobody catches', { cause: error });
});
