import { delay, NEVER, of, type Observable } from 'rxjs';
import type { Batch, Close, Deliver, Frames, Settled } from '../../src/model';
import { bucketPipeline } from '../../src/pipelines/bucket';
import { frames, messagesOf, outcomeOf, testEnv } from '../support/builders';
import { marbles } from '../support/marbles';
import type { TestScheduler } from 'rxjs/testing';
import { map } from 'rxjs';

const limits = { count: 2, bytes: 1_000_000, ms: 5 };
const runs = { a: frames('b', ['a']), b: frames('b', ['b']), c: frames('b', ['c']) };

const deliverAfter =
  (ms: number, stream: string, scheduler: TestScheduler): Deliver =>
  (batch: Batch) =>
    of(outcomeOf(stream, batch, { delivered: batch.count })).pipe(delay(ms, scheduler));

const text = ({ batch, outcomes }: Settled): string =>
  `${messagesOf(batch).join('')}:${outcomes.map(({ stream }) => stream).join('+')}`;

describe('bucketPipeline', () => {
  const run = (
    source: Observable<Frames>,
    scheduler: TestScheduler,
    close$: Observable<Close> = NEVER,
    env = testEnv({ scheduler }),
  ): Observable<string> =>
    source.pipe(
      bucketPipeline(
        'b',
        {
          limits,
          streams: [
            { id: 'kafka', deliver: deliverAfter(3, 'kafka', scheduler) },
            { id: 'copy', deliver: deliverAfter(1, 'copy', scheduler) },
          ],
        },
        close$,
        env,
      ),
      map(text),
    );

  it('never, empty: as the source', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      expectObservable(run(cold<Frames>('-'), scheduler)).toBe('-');
      expectObservable(run(cold<Frames>('--|'), scheduler)).toBe('--|');
    }));

  it('many: settles each batch after its slowest stream, and completes after the last', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const source = cold('  -a-b-c|', runs);
      const expected = '     ------x--(y|)';
      expectObservable(run(source, scheduler)).toBe(expected, { x: 'ab:kafka+copy', y: 'c:kafka+copy' });
    }));

  it('closes the open batch when asked', () =>
    marbles(({ cold, hot, scheduler, expectObservable }) => {
      const source = cold('      -a------', runs);
      const close$ = hot<Close>('--m-----', { m: { reason: 'memory' } });
      const expected = '         -----x--';
      expectObservable(run(source, scheduler, close$)).toBe(expected, { x: 'a:kafka+copy' });
    }));

  it('books each run as received on every stream when it comes', () => {
    const env = testEnv();
    marbles(({ cold, scheduler, flush }) => {
      run(cold('-a', runs), scheduler, NEVER, { ...env, scheduler }).subscribe();
      flush();
    });
    expect(env.ledger.rows().map(({ stream, received }) => [stream, received])).toEqual([
      ['kafka', 1],
      ['copy', 1],
    ]);
  });
});
