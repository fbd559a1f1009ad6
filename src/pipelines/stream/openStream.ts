import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import type { Task } from 'fp-ts/Task';
import * as TE from 'fp-ts/TaskEither';
import { merge, ReplaySubject } from 'rxjs';
import type { OpenError } from '../../model';
import { messageOf } from '../../wire/systemErrors';
import { openOperators } from './openOperators';
import { nothingBooked } from '../replay/found';
import type { Booked } from '../replay/options';
import { openDrain } from '../replay/streamReplay';
import { comes, here, type Coming } from './coming';
import { openLater } from './openLater';
import { openWays } from './openWays';
import { runningStream } from './runningStream';
import type { OpenStream, StreamParts, StreamPlan, Turn, Ways } from './stream';

/**
 * Opens a stream, at once or in its `turn`; what it is given before that waits, in sight of a crash. An error is one of sinks that
 * are opened at once; those that are opened in their turn are tried until they open.
 */
export const openStream = (
  parts: StreamParts,
): ((plan: StreamPlan, turn?: Turn) => TE.TaskEither<OpenError, OpenStream>) => {
  const { env, giveUp$, place } = parts;
  /** What was booked of a stream stays booked when another of that name stands in for it. */
  const lives = new Map<string, Booked>();
  return (plan, turn) => {
    const { id } = plan.config;
    const booked = lives.get(id) ?? nothingBooked();
    if (!lives.has(id)) lives.set(id, { ...booked, fromMs: env.now() });
    const retired$ = new ReplaySubject<void>(1);
    const gone$ = merge(giveUp$, retired$);
    const drain = openDrain(place, plan.config, env);
    const open: TE.TaskEither<OpenError, Ways> = () => openWays(plan, drain, booked, { ...parts, giveUp$: gone$ })();
    const own = E.tryCatch(() => openOperators(plan.operators, { ...env, name: id }), messageOf);
    if (E.isLeft(own)) return TE.left({ sink: id, message: own.left });
    const running = (ways: Coming<Ways>, closeWays: Task<unknown>): OpenStream =>
      runningStream(plan, ways, drain, { env, giveUp$, retired$, gone$, own: own.right, closeWays });
    if (turn?.clashes === true) {
      const coming = comes(openLater(open, turn, gone$, env));
      return TE.right(running(coming, () => coming.value?.close() ?? Promise.resolve()));
    }
    return pipe(
      open,
      TE.map((ways) => running(turn ? comes(turn.after.then(() => ways)) : here(ways), ways.close)),
    );
  };
};
