import * as E from 'fp-ts/Either';
import * as TE from 'fp-ts/TaskEither';
import { firstValueFrom, NEVER, of, Subject, type Observable } from 'rxjs';
import { SinkError, type Batch, type Cause, type Receipt, type SinkKind } from '../../../src/model';
import { drainFolder, openDrain } from '../../../src/pipelines/replay/streamReplay';
import { batchOf, delivered, testEnv } from '../../../src/testing/builders';
import { failsWhenTold } from '../../support/writes';

const batch = batchOf('b', ['1']);
const causeOf = (batchOfError: Batch): SinkError =>
  new SinkError('spool', [{ batch: batchOfError, cause: { kind: 'gave_up', message: 'told to' }, written: 'no' }]);

/** A drain over a sink that has begun what `begun` holds, and has anything else in its queue. */
const aDrain = (begun: ReadonlyMap<Batch, Observable<Receipt>>) => {
  const calls: string[] = [];
  let closed = (): void => undefined;
  const kind: SinkKind = (settings) =>
    E.right({
      ...{ warnings: [], limits: {}, deadlineMs: undefined, claims: [] },
      open: () => {
        calls.push(`open ${JSON.stringify(settings)}`);
        return TE.right({
          health$: NEVER,
          write: (part, giveUp$) => begun.get(part) ?? failsWhenTold(causeOf(part))(part, giveUp$),
          close: () => {
            calls.push('close');
            return new Promise<void>((resolve) => (closed = resolve));
          },
        });
      },
    });
  const claim = (): Promise<void> => Promise.resolve(void calls.push('claim'));
  const drain = openDrain({ spool: '/spool', claim, file: kind }, { id: 'a/b', emptyKey: 'empty' }, testEnv());
  if (!drain) throw new Error('expected a drain');
  return { calls, drain, closed: () => closed() };
};

const endsOf = (write$: Observable<Receipt>): { readonly ends: string[]; readonly ended: Promise<void> } => {
  const ends: string[] = [];
  const ended = new Promise<void>((resolve) => {
    write$.subscribe({
      next: ({ how }) => ends.push(how),
      error: (error: unknown) => {
        ends.push(...(error instanceof SinkError ? error.rest : []).map(({ cause }: { cause: Cause }) => cause.kind));
        resolve();
      },
      complete: resolve,
    });
  });
  return { ends, ended };
};

describe('openDrain', () => {
  it('has none without a spool, or a kind of sink that writes files', () => {
    const place = { spool: '/spool', claim: () => Promise.resolve(), file: undefined };
    expect(openDrain(place, { id: 's', emptyKey: 'empty' }, testEnv())).toBeUndefined();
    const { drain } = aDrain(new Map());
    expect([drain.path, drainFolder('/spool', 'a/b')]).toEqual(['/spool/streams/a%2Fb', '/spool/streams/a%2Fb']);
  });

  it('never: makes nothing where nothing is written, and closes all the same', async () => {
    const { calls, drain } = aDrain(new Map());
    await drain.close();
    expect(calls).toEqual([]);
  });

  it('claims the spool before it makes anything there, and passes on what is asked', async () => {
    const { calls, drain } = aDrain(new Map([[batch, of(delivered(batch))]]));
    expect(await firstValueFrom(drain.write(batch, NEVER))).toEqual(delivered(batch));
    expect(calls.map((call) => call.split(' ')[0])).toEqual(['claim', 'open']);
    const { ends, ended } = endsOf(drain.write(batchOf('b', ['2']), of('told')));
    await ended;
    expect(ends).toEqual(['gave_up']);
  });

  it('gives up at its end what it has not begun, waits for what it has, and begins nothing more', async () => {
    const [begun, queued, late] = [batch, batchOf('b', ['2']), batchOf('b', ['3'])];
    const writing$ = new Subject<Receipt>();
    const { calls, closed, drain } = aDrain(new Map([[begun, writing$]]));
    const first = endsOf(drain.write(begun, NEVER));
    const second = endsOf(drain.write(queued, NEVER));
    while (!writing$.observed) await new Promise(setImmediate);

    const closing = drain.close();
    await second.ended;
    expect([first.ends, second.ends]).toEqual([[], ['gave_up']]);
    const third = endsOf(drain.write(late, NEVER));
    await third.ended;
    expect(third.ends).toEqual(['gave_up']);
    writing$.next(delivered(begun));
    writing$.complete();
    await first.ended;
    expect(first.ends).toEqual(['delivered']);

    // Asked twice, it closes once.
    const again = drain.close();
    while (!calls.includes('close')) await new Promise(setImmediate);
    closed();
    await Promise.all([closing, again]);
    expect(calls.filter((call) => call === 'close')).toEqual(['close']);
  });
});
