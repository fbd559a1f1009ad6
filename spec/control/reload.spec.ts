import * as E from 'fp-ts/Either';
import { firstValueFrom, Subject } from 'rxjs';
import type { PlacedProblem } from '../../src/config/report';
import { createReloads } from '../../src/control/reload';
import type { OpenError } from '../../src/model';
import type { Configuration } from '../../src/pipelines/routes';
import type { Reloaded, Topology } from '../../src/pipelines/streams';
import { memoryLog } from '../../src/testing/builders';

const configuration = (): Configuration => ({ streams: [], buckets: [], defaultBucket: undefined });
const result: Reloaded = { kept: ['a'], replaced: ['b'], added: [], removed: [] };

/** A topology whose reloads end when they are told how. */
const onCall = () => {
  const given: Configuration[] = [];
  const ends$ = new Subject<E.Either<OpenError, Reloaded>>();
  const reload: Topology['reload'] = (next, waitMs, taken) => async () => {
    given.push(next);
    expect(waitMs).toBe(7);
    const end = await firstValueFrom(ends$);
    if (E.isRight(end)) taken();
    return end;
  };
  return { given, ends$, reload };
};

const problem = (got: string): PlacedProblem => ({ file: 'buckets.json', path: '', expected: 'an object', got });

const turn = (): Promise<void> => new Promise(setImmediate);

describe('createReloads', () => {
  const started = (found: readonly E.Either<readonly PlacedProblem[], Configuration>[]) => {
    const log = memoryLog();
    const topology = onCall();
    const left = [...found];
    const inUse: Configuration[] = [];
    const heard: (boolean | 'began')[] = [];
    const reloads = createReloads({
      log,
      now: () => 5,
      configure: () => left.shift() ?? E.left([problem('nothing more')]),
      reloaded: (now) => inUse.push(now),
      began: () => heard.push('began'),
      ended: (succeeded) => heard.push(succeeded),
    });
    const subscription = reloads.run(topology, 7).subscribe();
    return { log, topology, inUse, heard, reloads, subscription, left };
  };

  it('does nothing before it is asked to', async () => {
    const { log, topology, reloads } = started([E.right(configuration())]);
    await turn();
    expect([topology.given, log.lines, reloads.counts()]).toEqual([
      [],
      [],
      { begun: 0, succeeded: 0, failed: 0, last: undefined },
    ]);
  });

  it('tells of a configuration that is wrong, and leaves what runs alone', async () => {
    const { log, topology, inUse, reloads } = started([E.left([problem('a list')])]);
    void reloads.request();
    await turn();
    expect([topology.given, inUse]).toEqual([[], []]);
    expect(log.lines).toEqual([
      {
        level: 'error',
        message: 'configuration not reloaded, what runs goes on',
        fields: { problems: ['buckets.json: expected an object, got a list'] },
      },
    ]);
    expect(reloads.counts()).toEqual({ begun: 1, succeeded: 0, failed: 1, last: { atMs: 5, succeeded: false } });
  });

  it('takes one that is right, and says what became of the streams', async () => {
    const next = configuration();
    const { log, topology, inUse, reloads } = started([E.right(next)]);
    void reloads.request();
    await turn();
    topology.ends$.next(E.right(result));
    await turn();
    expect([topology.given, inUse]).toEqual([[next], [next]]);
    expect(log.lines).toEqual([{ level: 'info', message: 'configuration reloaded', fields: { ...result } }]);
    expect(reloads.counts()).toEqual({ begun: 1, succeeded: 1, failed: 0, last: { atMs: 5, succeeded: true } });
  });

  it('tells which stream did not open', async () => {
    const { log, topology, inUse, reloads } = started([E.right(configuration())]);
    void reloads.request();
    await turn();
    topology.ends$.next(E.left({ sink: 'a', message: 'no such folder' }));
    await turn();
    expect(inUse).toEqual([]);
    expect(log.lines).toMatchObject([{ level: 'error', fields: { problems: ['a: no such folder'] } }]);
  });

  it('outlives what throws on the way: a module of the user, a sink that should not', async () => {
    const { log, topology, reloads } = started([E.right(configuration()), E.left([problem('wrong')])]);
    const thrown = new Error('decode: no such field');
    const answers = [
      reloads.request(() => {
        throw thrown;
      }),
      reloads.request(),
      reloads.request(),
    ];
    await turn();
    const rejected = new Error('open: it rejects');
    topology.ends$.error(rejected);
    expect(await Promise.all(answers)).toEqual([
      E.left({ kind: 'unexpected', error: thrown }),
      E.left({ kind: 'unexpected', error: rejected }),
      E.left({ kind: 'configuration', problems: [problem('wrong')] }),
    ]);
    expect(log.lines).toMatchObject([
      { level: 'error', fields: { problems: ['Error: decode: no such field'] } },
      { level: 'error', fields: { problems: ['Error: open: it rejects'] } },
      { level: 'error' },
    ]);
    expect(reloads.counts()).toMatchObject({ begun: 3, succeeded: 0, failed: 3 });
  });

  it('reads the configuration for another one when the one before has ended', async () => {
    const { topology, reloads, left } = started([E.right(configuration()), E.right(configuration())]);
    void reloads.request();
    void reloads.request();
    await turn();
    expect(left).toHaveLength(1);
    expect(reloads.counts()).toMatchObject({ begun: 1, succeeded: 0 });
    topology.ends$.next(E.right(result));
    await turn();
    expect(left).toHaveLength(0);
    expect(reloads.counts()).toMatchObject({ begun: 2, succeeded: 1 });
    topology.ends$.next(E.right(result));
    await turn();
    expect(reloads.counts().succeeded).toBe(2);
  });

  it('says when one begins, and whether it succeeded', async () => {
    const { topology, reloads, heard } = started([E.right(configuration()), E.left([problem('wrong')])]);
    void reloads.request();
    void reloads.request();
    await turn();
    expect(heard).toEqual(['began']);
    topology.ends$.next(E.right(result));
    await turn();
    expect(heard).toEqual(['began', true, 'began', false]);
  });

  it('answers each that was asked for, in order', async () => {
    const { topology, reloads } = started([
      E.right(configuration()),
      E.left([problem('wrong')]),
      E.right(configuration()),
    ]);
    const answers = [reloads.request(), reloads.request(), reloads.request()];
    await turn();
    topology.ends$.next(E.right(result));
    await turn();
    topology.ends$.next(E.left({ sink: 'a', message: 'no such folder' }));
    expect(await Promise.all(answers)).toEqual([
      E.right(result),
      E.left({ kind: 'configuration', problems: [problem('wrong')] }),
      E.left({ kind: 'open', error: { sink: 'a', message: 'no such folder' } }),
    ]);
  });

  it('reads what it is given in place of the usual', async () => {
    const next = configuration();
    const { topology, reloads, left } = started([E.left([problem('not read')])]);
    const answer = reloads.request(() => E.right(next));
    await turn();
    topology.ends$.next(E.right(result));
    expect([await answer, topology.given, left.length]).toEqual([E.right(result), [next], 1]);
  });

  it('begins nothing before it is subscribed to, and says so', async () => {
    const { log } = started([]);
    const reloads = createReloads({
      log,
      now: () => 5,
      configure: () => E.right(configuration()),
      reloaded: () => undefined,
    });
    expect([await reloads.request(), reloads.counts().begun]).toEqual([E.left({ kind: 'notRunning' }), 0]);
  });

  it('early unsubscribe: begins nothing more, and says so to who still waits', async () => {
    const { topology, reloads, heard, subscription } = started([E.right(configuration()), E.right(configuration())]);
    const waiting = [reloads.request(), reloads.request()];
    await turn();
    subscription.unsubscribe();
    const late = reloads.request();
    expect(await Promise.all([...waiting, late])).toEqual(Array(3).fill(E.left({ kind: 'notRunning' })));
    expect([topology.given.length, heard]).toEqual([1, ['began']]);
  });
});
