import * as E from 'fp-ts/Either';
import type { Task } from 'fp-ts/Task';
import type { TaskEither } from 'fp-ts/TaskEither';
import { defer, mergeMap } from 'rxjs';
import type { OpenError, Sink, Write } from '../../model';
import { refuse } from '../../operators/refuse';
import type { ReplaySpool } from './options';

/** A sink that is opened when something is written to it, or what lies there is asked for. */
export interface LazySink {
  readonly write: Write;
  readonly spool: ReplaySpool;
  readonly close: Task<void>;
}

/** Nothing is made on disk before the first use. An attempt to open it that fails is made again with the next use. */
export const lazySink = (name: string, open: TaskEither<OpenError, Sink>): LazySink => {
  let opening: Promise<E.Either<OpenError, Sink>> | undefined;
  const opened = async (): Promise<E.Either<OpenError, Sink>> => {
    const attempt = (opening ??= open());
    const result = await attempt;
    // Meanwhile somebody may have begun another.
    if (E.isLeft(result) && opening === attempt) opening = undefined;
    return result;
  };
  return {
    write: (batch, giveUp$) =>
      defer(opened).pipe(
        mergeMap(
          E.match(
            ({ message }) => refuse(name, batch, { kind: 'unavailable', message }),
            ({ write }) => write(batch, giveUp$),
          ),
        ),
      ),
    spool: {
      files: async (closes) => {
        const result = await opened();
        if (E.isLeft(result)) throw new Error(result.left.message);
        return (await result.right.spool?.files(closes)) ?? [];
      },
    },
    close: async () => {
      const result = await opening;
      if (result && E.isRight(result)) await result.right.close();
    },
  };
};
