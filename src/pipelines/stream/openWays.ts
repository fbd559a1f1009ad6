import { sequenceS } from 'fp-ts/Apply';
import { pipe } from 'fp-ts/function';
import * as TE from 'fp-ts/TaskEither';
import type { CheckedSink, OpenError, Sink } from '../../model';
import { streamPolicy } from '../policy';
import type { Booked } from '../replay/options';
import { streamReplay, type Drain } from '../replay/streamReplay';
import { fairShareOf } from './share';
import type { StreamParts, StreamPlan, Ways } from './stream';

/** Opens the sinks of a stream, one after the other, and makes its ways through them. All of them, or none is left open. */
export const openWays = (
  plan: StreamPlan,
  drain: Drain | undefined,
  booked: Booked,
  { env, giveUp$, streams }: Omit<StreamParts, 'place'>,
): TE.TaskEither<OpenError, Ways> => {
  const { config, primary, backup, deadLetter } = plan;
  const { id, emptyKey, failover } = config;
  const opened: Sink[] = [];
  const close = (): Promise<unknown> => Promise.all(opened.map((sink) => sink.close()));
  const noted = TE.map((sink: Sink) => {
    opened.push(sink);
    return sink;
  });
  const beside = (
    sink: CheckedSink | undefined,
    name: string,
    spools = false,
  ): TE.TaskEither<OpenError, Sink | undefined> =>
    sink
      ? noted(sink.open({ ...env, name: `${id}.${name}` }, { emptyKey, handOverMs: undefined, spools }))
      : TE.right(undefined);
  return pipe(
    sequenceS(TE.ApplySeq)({
      primary: noted(
        primary.open({ ...env, name: id }, { emptyKey, handOverMs: backup && failover.afterMs, spools: false }),
      ),
      backup: beside(backup, 'backup', config.backup?.replay !== false),
      deadLetter: beside(deadLetter, 'deadLetter'),
    }),
    TE.map((sinks) => {
      const { deadlineMs, share } = primary;
      const fairShare = fairShareOf(env.held, streams);
      const policy = streamPolicy(config, { ...sinks, spool: drain, deadlineMs, share, fairShare }, env);
      return {
        write: policy.write,
        poison: policy.poison,
        replay: streamReplay({ config, backup: sinks.backup, drain, booked, primary: policy.primary, giveUp$, env }),
        close,
      };
    }),
    TE.orElseFirstTaskK(() => close),
  );
};
