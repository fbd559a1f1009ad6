import { catchError, concat, NEVER, of, shareReplay, throwError, timer, map, type Observable } from 'rxjs';
import type { TestScheduler } from 'rxjs/testing';
import { SinkError, type Batch, type Receipt, type Rest, type Write } from '../../src/model';
import { withRetry } from '../../src/operators/withRetry';
import { batchOf, delivered, messagesOf, unavailable } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { failsWhenTold } from '../support/writes';

const one = batchOf('b', ['1']);
const two = batchOf('b', ['2']);
const batch = batchOf('b', ['1', '2']);
const other = batchOf('other', ['3']);
const r = delivered(one);
const s = delivered(two);

/** random 0.5 makes the jitter 1. */
const options = (scheduler: TestScheduler) => ({ minMs: 4, maxMs: 6, random: () => 0.5, scheduler });
const gaveUp = (part: Batch): Rest => ({
  ...unavailable(part),
  cause: { kind: 'gave_up', message: 'told to' },
});
const fails = (...rest: readonly Rest[]): Observable<never> => throwError(() => new SinkError('s', rest));
/** A write that answers with one Observable after the other. */
const answering = (...answers: readonly Observable<Receipt>[]): Write => {
  const left = [...answers];
  return () => left.shift() ?? NEVER;
};

describe('withRetry', () => {
  it('leaves a write alone that is taken', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const write$ = cold('--r|', { r });
      expectObservable(withRetry(options(scheduler))(() => write$)(one, NEVER)).toBe('--r|', { r });
    }));

  it('tries again what was unavailable, each time after twice the wait, up to maxMs', () =>
    marbles(({ scheduler, expectObservable }) => {
      const failed = fails(unavailable(one));
      const write = answering(failed, failed, failed, of(r));
      expectObservable(withRetry(options(scheduler))(write)(one, NEVER)).toBe('4ms 6ms 6ms (r|)', { r });
    }));

  it('tries again only the rest, and says of what was unknown that it may be there twice', () => {
    const seen: Batch[] = [];
    marbles(({ scheduler, expectObservable }) => {
      const answers = answering(concat(of(r), fails(unavailable(two, 'unknown'))), of(s));
      const write: Write = (part, giveUp$) => {
        seen.push(part);
        return answers(part, giveUp$);
      };
      expectObservable(withRetry(options(scheduler))(write)(batch, NEVER)).toBe('r---(s|)', {
        r,
        s: { ...s, maybeTwice: true },
      });
    });
    expect(seen).toEqual([batch, two]);
  });

  it('does not try poison again, and fails with it after the others are done', () =>
    marbles(({ scheduler, expectObservable }) => {
      const poison: Rest = { batch: one, cause: { kind: 'poison', message: 'too large' }, written: 'no' };
      const write = answering(fails(poison, unavailable(two)), of(s));
      expectObservable(withRetry(options(scheduler))(write)(batch, NEVER)).toBe(
        '----(s#)',
        { s },
        new SinkError('s', [poison]),
      );
    }));

  it('later batches of the bucket wait behind the one that fails, other buckets do not', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const write: Write = withRetry(options(scheduler))(
        answering(fails(unavailable(one)), cold('-t|', { t: delivered(other) }), cold('r|', { r }), cold('s|', { s })),
      );
      expectObservable(write(one, NEVER)).toBe('  ----r|', { r });
      expectObservable(write(two, NEVER)).toBe('  -----s|', { s });
      expectObservable(write(other, NEVER)).toBe('-t|', { t: delivered(other) });
    }));

  it('tries any number of times, and holds no more the longer it takes', () => {
    const said: Receipt[] = [];
    marbles(({ scheduler }) => {
      let failures = 20_000;
      const write: Write = () => ((failures -= 1) < 0 ? of(r) : fails(unavailable(one)));
      withRetry(options(scheduler))(write)(one, NEVER).subscribe((receipt) => said.push(receipt));
    });
    expect(said).toEqual([r]);
  });

  it('writes what is left part by part: the second waits behind the first', () => {
    const seen: Batch[] = [];
    marbles(({ scheduler, expectObservable }) => {
      const answers = answering(fails(unavailable(one), unavailable(two)), fails(unavailable(one)), of(r), of(s));
      const write: Write = (part, giveUp$) => {
        seen.push(part);
        return answers(part, giveUp$);
      };
      expectObservable(withRetry(options(scheduler))(write)(batch, NEVER)).toBe('4ms 6ms (rs|)', { r, s });
    });
    expect(seen).toEqual([batch, one, one, two]);
  });

  it('ends its wait when told to give up, for one last word of the sink', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const giveUp$ = cold('--g');
      const last: Rest = { batch: one, cause: { kind: 'gave_up', message: 'told to' }, written: 'no' };
      const write = answering(fails(unavailable(one)), fails(last));
      expectObservable(withRetry(options(scheduler))(write)(one, giveUp$)).toBe('--#', {}, new SinkError('s', [last]));
    }));

  it('many that wait, told to give up: fail in the order of their writes, however many they are', () => {
    const batches = Array.from({ length: 500 }, (_, n) => batchOf('b', [String(n)]));
    const said: unknown[] = [];
    marbles(({ hot, scheduler }) => {
      const giveUp$ = hot('--g').pipe(shareReplay({ bufferSize: 1, refCount: false }));
      const write = withRetry(options(scheduler))((part, told$) =>
        failsWhenTold(new SinkError('s', [gaveUp(part)]))(part, told$),
      );
      for (const part of batches)
        write(part, giveUp$)
          .pipe(catchError(() => messagesOf(part)))
          .subscribe((message) => said.push(message));
    });
    expect(said).toEqual(batches.flatMap(messagesOf));
  });

  it('many parts that wait, told to give up: each has its last word, however many they are', () => {
    const parts = Array.from({ length: 1000 }, (_, n) => batchOf('b', [String(n)]));
    const told: string[] = [];
    marbles(({ hot, scheduler }) => {
      const giveUp$ = hot('--g').pipe(shareReplay({ bufferSize: 1, refCount: false }));
      const write: Write = (part) =>
        part === batch ? fails(...parts.map((part_) => unavailable(part_))) : fails(gaveUp(part));
      withRetry(options(scheduler))(write)(batch, giveUp$).subscribe({
        error: (error: unknown) =>
          told.push(...(error instanceof SinkError ? error.rest : []).flatMap((rest) => messagesOf(rest.batch))),
      });
    });
    expect(told).toEqual(parts.flatMap(messagesOf));
  });

  it('throwing callback: a write that throws frees the bucket', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write: Write = withRetry(options(scheduler))((part) => {
        if (part === one) throw new Error('a defect');
        return of(s);
      });
      expectObservable(write(one, NEVER)).toBe('#', {}, new Error('a defect'));
      expectObservable(write(two, NEVER)).toBe('(s|)', { s });
    }));

  it('passes on what is no SinkError', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = answering(throwError(() => new Error('a defect')));
      expectObservable(withRetry(options(scheduler))(write)(one, NEVER)).toBe('#', {}, new Error('a defect'));
    }));

  it('early unsubscribe: frees the bucket', () =>
    marbles(({ scheduler, expectObservable }) => {
      const taken$ = timer(1, scheduler).pipe(map(() => s));
      const write: Write = withRetry(options(scheduler))((part) => (part === one ? NEVER : taken$));
      expectObservable(write(one, NEVER), '^-!').toBe('---');
      expectObservable(write(two, NEVER)).toBe('  ---(s|)', { s });
    }));
});
