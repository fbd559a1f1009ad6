/** Topologies over sinks that do as told. */
import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { BehaviorSubject, NEVER, of, throwError, type Observable } from 'rxjs';
import type { Config, StreamConfig } from '../../src/config/buckets';
import {
  SinkError,
  type Batch,
  type CheckedSink,
  type Health,
  type Sink,
  type SinkKind,
  type Write,
} from '../../src/model';
import type { Topology } from '../../src/pipelines/streams';
import type { Plan } from '../../src/pipelines/topology';
import { delivered, testEnv, unavailable } from '../../src/testing/builders';
import { bucketConfig } from './builders';

export const stream = (id: string, parts: Partial<StreamConfig> = {}): StreamConfig => ({
  id,
  type: 'good',
  slice: 1,
  settings: {},
  emptyKey: 'empty',
  failover: { afterMs: 10_000, retryMs: 10_000 },
  ...parts,
});

export const config = (streams: readonly StreamConfig[], parts: Partial<Config> = {}): Config => ({
  streams,
  buckets: [
    bucketConfig(
      'b',
      streams.map(({ id }) => id),
    ),
  ],
  ...parts,
});

/** A kind of sink that writes as told, and what its sinks were asked. */
export const kind = (write: Write, parts: Partial<CheckedSink> = {}) => {
  const seen: { opened: string[]; closed: string[]; batches: Batch[] } = { opened: [], closed: [], batches: [] };
  const sinkKind: SinkKind = () =>
    E.right({
      warnings: [],
      limits: {},
      deadlineMs: undefined,
      claims: [],
      open: (env) => {
        seen.opened.push(env.name);
        const sink: Sink = {
          retries: true,
          health$: new BehaviorSubject<Health>({ state: 'up' }),
          write: (batch, giveUp$) => {
            seen.batches.push(batch);
            return write(batch, giveUp$);
          },
          close: () => {
            seen.closed.push(env.name);
            return Promise.resolve();
          },
        };
        return TE.right(sink);
      },
      ...parts,
    });
  return { kind: sinkKind, seen };
};

export const checkedOf = (sinkKind: SinkKind): CheckedSink => {
  const checked = sinkKind({}, '');
  if (E.isLeft(checked)) throw new Error('settings that are right were refused');
  return checked.right;
};

export const takes: Write = (batch) => of(delivered(batch));
export const fails: Write = (batch) => throwError(() => new SinkError('s', [unavailable(batch)]));

export const planned = (result: E.Either<unknown, Plan>): Plan => {
  if (E.isLeft(result)) throw new Error(JSON.stringify(result.left));
  return result.right;
};

export const open = async (
  result: E.Either<unknown, Plan>,
  env = testEnv(),
  giveUp$: Observable<unknown> = NEVER,
): Promise<Topology> => {
  const opened = await planned(result).open(env, giveUp$)();
  if (E.isLeft(opened)) throw new Error(opened.left.message);
  return opened.right;
};
