import { sequenceS } from 'fp-ts/Apply';
import { pipe } from 'fp-ts/function';
import type { Task } from 'fp-ts/Task';
import * as TE from 'fp-ts/TaskEither';
import type { Observable } from 'rxjs';
import {
  NO_OPTIONS,
  type CheckedSink,
  type Env,
  type Health,
  type OpenError,
  type Sink,
  type Write,
} from '../../../model';
import { streamPolicy } from '../../../pipelines/policy';
import type { StreamPlan } from '../../../pipelines/stream/stream';

/** A stream that is written to by hand. */
export interface OpenStream {
  readonly write: Write;
  readonly health$: Observable<Health>;
  readonly close: Task<unknown>;
}

/**
 * Opens the primary of one stream, and what takes its poison. Not its backup: what is sent comes from there, and is to wait
 * where it is while the primary is away.
 */
export const openStream = (
  { config, primary, deadLetter }: Pick<StreamPlan, 'config' | 'primary' | 'deadLetter'>,
  env: Env,
): TE.TaskEither<OpenError, OpenStream> => {
  const { id, emptyKey, failover } = config;
  const options = { ...NO_OPTIONS, emptyKey };
  const beside = (sink: CheckedSink | undefined): TE.TaskEither<OpenError, Sink | undefined> =>
    sink ? sink.open({ ...env, name: `${id}.deadLetter` }, options) : TE.right(undefined);
  return pipe(
    sequenceS(TE.ApplySeq)({ primary: primary.open({ ...env, name: id }, options), deadLetter: beside(deadLetter) }),
    TE.map((sinks) => ({
      write: streamPolicy(
        { id, failover },
        { ...sinks, backup: undefined, deadlineMs: primary.deadlineMs, share: undefined },
        env,
      ).write,
      health$: sinks.primary.health$,
      close: () => Promise.all([sinks.primary.close(), sinks.deadLetter?.close()]),
    })),
  );
};
