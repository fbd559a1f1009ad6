import { left, right } from 'fp-ts/Either';
import {
  catchError,
  EMPTY,
  lastValueFrom,
  map,
  NEVER,
  of,
  Subject,
  take,
  tap,
  timer,
  type ObservableInput,
} from 'rxjs';
import { SinkError, type Batch, type Cause, type Rest } from '../../src/model';
import { inTurn, type Attempt, type Fate } from '../../src/operators/inTurn';
import { batchOf, delivered, messagesOf, unavailable } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

const [one, two, other, both] = [
  batchOf('b', ['1']),
  batchOf('b', ['2']),
  batchOf('c', ['3']),
  batchOf('b', ['1', '2']),
];
const [r, s, t] = [one, two, other].map((batch) => delivered(batch, 'place'));

const gaveUp = (batch: Batch, written: Rest['written']): SinkError => {
  const cause: Cause = { kind: 'gave_up', message: 'told to stop before it was answered' };
  return new SinkError('place', [{ batch, cause, written }]);
};

const unexpected = (batch: Batch, message: string): SinkError =>
  new SinkError('place', [{ batch, cause: { kind: 'unexpected', message }, written: 'unknown' }]);

/** One attempt after the other. */
const attempts =
  (...answers: ObservableInput<readonly Fate[]>[]): Attempt =>
  () =>
    answers.shift() ?? NEVER;
const taken = (...batches: readonly Batch[]): readonly Fate[] => batches.map((batch) => right(batch));

describe('inTurn', () => {
  it('never answered: waits', () =>
    marbles(({ expectObservable }) => {
      const { write } = inTurn('place', () => NEVER);
      expectObservable(write(one, NEVER)).toBe('-');
    }));

  it('empty: a batch of no messages, and no fates, completes', () =>
    marbles(({ cold, expectObservable }) => {
      const { write } = inTurn('place', attempts(cold('--(a|)', { a: [] })));
      expectObservable(write(batchOf('b', []), NEVER)).toBe('--|');
    }));

  it('an attempt that ends without a word: all is unknown, and the next begins', () =>
    marbles(({ cold, expectObservable }) => {
      const { write } = inTurn('place', attempts(cold('--|'), cold('-(a|)', { a: taken(two) })));
      expectObservable(write(one, NEVER)).toBe('--#', {}, unexpected(one, 'it ended without a word'));
      expectObservable(write(two, NEVER)).toBe('---(s|)', { s });
    }));

  it('one batch: a receipt when it is taken', () =>
    marbles(({ cold, expectObservable }) => {
      const { write } = inTurn('place', attempts(cold('--(a|)', { a: taken(one) })));
      expectObservable(write(one, NEVER)).toBe('       --(r|)', { r });
    }));

  it('many batches: one of a bucket at a time, in the order of subscription', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const first = cold(' ---(a|)', { a: taken(one) });
      const second = cold('   --(a|)', { a: taken(two) });
      const third = cold(' -(a|)', { a: taken(other) });
      const { write } = inTurn('place', ({ bucket }) => (bucket === 'c' ? third : next()));
      const left = [first, second];
      const next = () => left.shift() ?? NEVER;
      expectObservable(write(one, NEVER)).toBe('  ---(r|)', { r });
      expectObservable(write(two, NEVER)).toBe('  -----(s|)', { s });
      expectObservable(write(other, NEVER)).toBe('-(t|)', { t });
      expectSubscriptions(first.subscriptions).toBe(' ^--!');
      expectSubscriptions(second.subscriptions).toBe('---^-!');
      expectSubscriptions(third.subscriptions).toBe(' ^!');
    }));

  it('a part that is not taken is the failure, beside receipts of the others', () =>
    marbles(({ cold, expectObservable }) => {
      const rest = unavailable(two);
      const { write } = inTurn('place', attempts(cold('-(a|)', { a: [right(one), left(rest)] })));
      expectObservable(write(both, NEVER)).toBe('      -(r#)', { r }, new SinkError('place', [rest]));
    }));

  it('an attempt that fails, or throws: all is unknown, and the next begins', () =>
    marbles(({ cold, expectObservable }) => {
      const answers = [() => cold<readonly Fate[]>('-#'), () => cold('-(a|)', { a: taken(two) })];
      const { write } = inTurn('place', () => {
        const answer = answers.shift();
        if (!answer) throw new Error('a defect');
        return answer();
      });
      expectObservable(write(one, NEVER)).toBe('-#', {}, unexpected(one, 'error'));
      expectObservable(write(two, NEVER)).toBe('--(s|)', { s });
      expectObservable(write(one, NEVER)).toBe('--#', {}, unexpected(one, 'Error: a defect'));
    }));

  it('given up before it has begun: it never does', () =>
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const first = cold('          ---(a|)', { a: taken(one) });
      const second = cold<readonly Fate[]>('-');
      const giveUp$ = hot('         --x');
      const { write } = inTurn('place', attempts(first, second));
      expectObservable(write(one, NEVER)).toBe('  ---(r|)', { r });
      expectObservable(write(two, giveUp$)).toBe('--#', {}, gaveUp(two, 'no'));
      expectObservable(write(two, of('x'))).toBe('#', {}, gaveUp(two, 'no'));
      expectSubscriptions(second.subscriptions).toBe([]);
    }));

  it('given up when it has begun: it may be there, and its bucket waits for its end', () =>
    marbles(({ cold, hot, expectObservable, expectSubscriptions }) => {
      const first = cold('          ----(a|)', { a: taken(one) });
      const second = cold('             -(a|)', { a: taken(two) });
      const giveUp$ = hot('         --x');
      const aborted: string[] = [];
      const answers = attempts(first, second);
      const { write } = inTurn('place', (batch, over) => {
        over.addEventListener('abort', () => aborted.push(...messagesOf(batch)));
        return answers(batch, over);
      });
      expectObservable(write(one, giveUp$)).toBe('--#', {}, gaveUp(one, 'unknown'));
      expectObservable(write(two, NEVER)).toBe('  -----(s|)', { s });
      expectSubscriptions(second.subscriptions).toBe('----^!');
      expectObservable(timer(3).pipe(map(() => aborted))).toBe('---(a|)', { a: ['1'] });
    }));

  it('many that are given up at once: all fail, and the stack is deep enough', () => {
    let failed = 0;
    marbles(({ hot }) => {
      const giveUp$ = hot('-x');
      const { write } = inTurn('place', () => timer(2).pipe(map(() => taken(one))));
      for (let n = 0; n < 5000; n += 1)
        write(one, giveUp$)
          .pipe(
            catchError(() => EMPTY),
            tap({ complete: () => (failed += 1) }),
          )
          .subscribe();
    });
    expect(failed).toBe(5000);
  });

  it('a giveUp$ that ends means nothing, and one that fails is heard', () =>
    marbles(({ cold, hot, expectObservable }) => {
      const answers = attempts(cold('----(a|)', { a: taken(one) }), cold('----(a|)', { a: taken(other) }));
      const { write } = inTurn('place', answers);
      expectObservable(write(one, hot('  -|'))).toBe('   ----(r|)', { r });
      expectObservable(write(other, hot('-#'))).toBe('   -#', {}, gaveUp(other, 'unknown'));
    }));

  it('early unsubscribe: cancels nothing', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const first = cold('                     --(a|)', { a: taken(one) });
      const { write } = inTurn('place', attempts(first));
      expectObservable(write(one, NEVER), '    ^!').toBe('-');
      expectSubscriptions(first.subscriptions).toBe('^-!');
    }));

  it('promises will do', async () => {
    const { write } = inTurn('place', async (batch) => Promise.resolve(taken(batch)));
    expect(await lastValueFrom(write(one, NEVER))).toEqual(r);
  });

  it('is idle when nothing is under way', async () => {
    const answer = new Subject<readonly Fate[]>();
    const { write, idle } = inTurn('place', () => answer.pipe(take(1)));
    const seen: string[] = [];
    await idle();
    write(one, NEVER).subscribe({ complete: () => seen.push('taken') });
    const now = idle().then(() => seen.push('idle'));
    answer.next(taken(one));
    await now;
    expect(seen).toEqual(['taken', 'idle']);
  });
});
