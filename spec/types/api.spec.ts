/** What the compiler says of the public API. Jest only loads it: `tsc` is the test. */
import { pipe } from 'fp-ts/function';
import * as TE from 'fp-ts/TaskEither';
import * as t from 'io-ts';
import { expectTypeOf } from 'expect-type';
import { asyncScheduler, of, type Observable } from 'rxjs';
import {
  about,
  createDaemon,
  decodeWith,
  defineSink,
  durationIn,
  fanOut,
  maybe,
  NonEmptyString,
  oneOf,
  settle,
  sinks,
  withBackup,
  withDeadline,
  withDefault,
  withRetry,
  type Batch,
  type CreateDaemonOptions,
  type Daemon,
  type DaemonFailure,
  type Deliver,
  type Health,
  type LedgerRow,
  type PlacedProblem,
  type Settled,
  type Sink,
  type SinkDefinition,
  type SinkKind,
  type Source,
  type Write,
} from '../../src';
import { createFakeSink, type FakeSink } from '../../src/testing';

const up: Health = { state: 'up' };
const write: Write = (batch) => of({ sink: 's', batch, how: 'delivered', maybeTwice: false });
const sink: Sink = { write, health$: of(up), close: () => Promise.resolve() };

const Settings = t.type({
  url: NonEmptyString,
  timeoutMs: about(withDefault(durationIn(1, 60_000), 5000), 'how long an answer is waited for'),
  token: maybe(NonEmptyString),
  method: withDefault<'POST' | 'PUT'>(oneOf(['POST', 'PUT'] as const), 'POST'),
});

const decode = decodeWith(Settings);

describe('types', () => {
  it('of a sink: its settings are what its codecs decode', () => {
    const kind = defineSink({
      decode,
      open: (settings, env, options) => {
        expectTypeOf(settings).toEqualTypeOf<{
          url: string;
          timeoutMs: number;
          token: string | undefined;
          method: 'POST' | 'PUT';
        }>();
        expectTypeOf(env.now()).toBeNumber();
        expectTypeOf(options.emptyKey).toEqualTypeOf<'empty' | 'null'>();
        return TE.right(sink);
      },
    });
    expectTypeOf(kind).toEqualTypeOf<SinkKind>();
    expectTypeOf({ ...sinks, kind }).toExtend<NonNullable<CreateDaemonOptions['sinks']>>();
    expect(typeof kind).toBe('function');
  });

  it('of a sink: one that breaks the contract is refused', () => {
    type Open = SinkDefinition<unknown>['open'];
    // @ts-expect-error -- health$ is missing
    const noHealth: Sink = { write, close: () => Promise.resolve() };
    // @ts-expect-error -- a promise is no TaskEither
    const opensLater: Open = () => Promise.resolve(sink);
    // @ts-expect-error -- a receipt says how
    const saysNothing: Write = (batch) => of({ sink: 's', batch, maybeTwice: false });
    // @ts-expect-error -- a Write gives receipts, no promise
    const promises: Write = async () => Promise.resolve();
    // @ts-expect-error -- a place is text, that setting a number
    const wrongPlace = defineSink({ decode, where: ({ timeoutMs }) => timeoutMs, open: () => TE.right(sink) });
    expect([noHealth, opensLater, saysNothing, promises, wrongPlace]).toHaveLength(5);
  });

  it('of combinators: they compose with pipe, from a Write to a Deliver', () => {
    const policy = pipe(
      write,
      withRetry({ minMs: 10, maxMs: 1000, random: Math.random }),
      withDeadline(1000, asyncScheduler),
      withBackup(write, 1000),
    );
    expectTypeOf(policy).toEqualTypeOf<Write>();
    const deliver = pipe(policy, settle('stream', of()));
    expectTypeOf(deliver).toEqualTypeOf<Deliver>();
    expectTypeOf(fanOut([deliver])).toEqualTypeOf<(batch: Batch) => Observable<Settled>>();
    // @ts-expect-error -- a Deliver is settled already
    pipe(deliver, withBackup(write, 1000));
    expect(typeof deliver).toBe('function');
  });

  it('of createDaemon: what it takes and gives', () => {
    expectTypeOf(createDaemon).parameters.toEqualTypeOf<[CreateDaemonOptions]>();
    expectTypeOf(createDaemon).returns.toEqualTypeOf<Daemon>();
    expectTypeOf<{ config: string }>().toExtend<CreateDaemonOptions>();
    expectTypeOf<{ config: { streamsConfigs: object } }>().toExtend<CreateDaemonOptions>();
    expectTypeOf<{ config: string; sources: readonly Source[] }>().toExtend<CreateDaemonOptions>();
    expectTypeOf<{ config: string; environment: typeof process.env }>().toExtend<CreateDaemonOptions>();
    expectTypeOf<object>().not.toExtend<CreateDaemonOptions>();
    expectTypeOf<{ config: string; sinks: { s: Sink } }>().not.toExtend<CreateDaemonOptions>();
    expectTypeOf<{ config: string; environment: { MAXCPUS: number } }>().not.toExtend<CreateDaemonOptions>();
    expectTypeOf<{ config: string; env: { held: unknown } }>().not.toEqualTypeOf<CreateDaemonOptions>();
    expectTypeOf<ReturnType<Daemon['run']>>().resolves.toEqualTypeOf<{
      readonly spooled: number;
      readonly lost: number;
    }>();
    expectTypeOf<Daemon['rows']>().returns.toEqualTypeOf<readonly LedgerRow[]>();
    expectTypeOf<DaemonFailure['problems']>().toEqualTypeOf<readonly PlacedProblem[]>();
    expect(typeof createDaemon).toBe('function');
  });

  it('of the fake sink: its kind stands in a registry', () => {
    expectTypeOf(createFakeSink).returns.toEqualTypeOf<FakeSink>();
    expectTypeOf<FakeSink['kind']>().toEqualTypeOf<SinkKind>();
    expect(typeof createFakeSink).toBe('function');
  });
});
