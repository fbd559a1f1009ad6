import { NEVER, of, Subject, throwError } from 'rxjs';
import { createUnsettled } from '../../src/control/unsettled';
import { SinkError, type Receipt, type Write } from '../../src/model';
import { settle } from '../../src/operators/settle';
import { batchOf, delivered, messagesOf, outcomeOf, unavailable } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';

const one = batchOf('b', ['1']);
const two = batchOf('b', ['2', '3']);
const whole = batchOf('b', ['1', '2', '3']);
const r = delivered(one);
const s = delivered(two);

describe('settle', () => {
  it('never: waits for a write that never ends', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(settle('s', NEVER)(() => cold('-r-', { r }))(whole)).toBe('-');
    }));

  it('empty: does not write an empty batch', () => {
    const write = jest.fn<ReturnType<Write>, Parameters<Write>>();
    const empty = batchOf('b', []);
    const outcomes: unknown[] = [];
    settle('s', NEVER)(write)(empty).subscribe((outcome) => outcomes.push(outcome));
    expect(outcomes).toEqual([outcomeOf('s', empty)]);
    expect(write).not.toHaveBeenCalled();
  });

  it('one, many: adds up the receipts when the write completes', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const write$ = cold('  -r--s-|', { r, s });
      const subs = '         ^-----!';
      const expected = '     ------(o|)';
      expectObservable(settle('s', NEVER)(() => write$)(whole)).toBe(expected, {
        o: outcomeOf('s', whole, { delivered: 3 }),
      });
      expectSubscriptions(write$.subscriptions).toBe(subs);
    }));

  it('counts backups, dead letters and possible duplicates', () =>
    marbles(({ cold, expectObservable }) => {
      const backedUp: Receipt = { ...s, how: 'backedUp', maybeTwice: true };
      const dead: Receipt = { ...r, how: 'deadLettered' };
      const write$ = cold('  rs|', { r: dead, s: backedUp });
      expectObservable(settle('s', NEVER)(() => write$)(whole)).toBe('--(o|)', {
        o: outcomeOf('s', whole, { deadLettered: 1, backedUp: 2, duplicatesPossible: 2 }),
      });
    }));

  it('error: the rest of a SinkError is dropped under its cause', () =>
    marbles(({ cold, expectObservable }) => {
      const write$ = cold('  -r-#', { r }, new SinkError('s', [unavailable(two)]));
      expectObservable(settle('s', NEVER)(() => write$)(whole)).toBe('---(o|)', {
        o: outcomeOf('s', whole, { delivered: 1, dropped: [{ reason: 'unavailable', count: 2 }] }),
      });
    }));

  it('error: what nobody speaks for is dropped as unexpected', () =>
    marbles(({ cold, expectObservable }) => {
      const write$ = cold('  -r-#', { r }, new Error('a defect'));
      expectObservable(settle('s', NEVER)(() => write$)(whole)).toBe('---(o|)', {
        o: outcomeOf('s', whole, { delivered: 1, dropped: [{ reason: 'unexpected', count: 2 }] }),
      });
    }));

  it('a write that completes without a receipt for all: the others are unexpected', () => {
    const outcomes: unknown[] = [];
    settle('s', NEVER)(() => of(r))(whole).subscribe((outcome) => outcomes.push(outcome));
    expect(outcomes).toEqual([outcomeOf('s', whole, { delivered: 1, dropped: [{ reason: 'unexpected', count: 2 }] })]);
  });

  it('early unsubscribe: leaves the write', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const write$ = cold('  -r---', { r });
      const subs = '         ^--!';
      expectObservable(settle('s', NEVER)(() => write$)(whole), subs).toBe('---');
      expectSubscriptions(write$.subscriptions).toBe(subs);
    }));

  it('throwing callback: a write that throws is unexpected', () => {
    const outcomes: unknown[] = [];
    const write: Write = () => {
      throw new Error('a defect');
    };
    settle('s', NEVER)(write)(whole).subscribe((outcome) => outcomes.push(outcome));
    expect(outcomes).toEqual([outcomeOf('s', whole, { dropped: [{ reason: 'unexpected', count: 3 }] })]);
  });

  it('gives its giveUp$ to the write', () => {
    const giveUp$ = of('now');
    const write = jest.fn<ReturnType<Write>, Parameters<Write>>(() =>
      throwError(() => new SinkError('s', [unavailable(whole)])),
    );
    settle('s', giveUp$)(write)(whole).subscribe();
    expect(write).toHaveBeenCalledWith(whole, giveUp$);
  });

  it('says when its outcome was there, by the clock that it is given', () => {
    const outcomes: unknown[] = [];
    settle(
      's',
      NEVER,
      undefined,
      () => 7,
    )(() => of(r))(batchOf('b', ['1'])).subscribe((outcome) => outcomes.push(outcome));
    expect(outcomes).toMatchObject([{ delivered: 1, settledMs: 7 }]);
  });

  describe('keeps a batch in sight', () => {
    const shown = () => {
      const { unsettled, written } = createUnsettled();
      const seen = (): readonly string[] =>
        [...written()].map(({ stream, batch }) => `${stream}: ${messagesOf(batch).join('')}`);
      return { seen, writing: (...args: Parameters<typeof unsettled.writing>) => unsettled.writing(...args) };
    };

    it.each<readonly [string, (write$: Subject<Receipt>) => void]>([
      ['completed', (write$) => write$.complete()],
      ['failed', (write$) => write$.error(new SinkError('s', [unavailable(two)]))],
    ])('from before its write until that has %s, and no longer when its outcome is there', (_, end) => {
      const { seen, writing } = shown();
      const write$ = new Subject<Receipt>();
      const log: (readonly string[])[] = [];
      const write: Write = () => {
        log.push(seen());
        return write$;
      };
      settle('s', NEVER, writing)(write)(whole).subscribe(() => log.push(seen()));
      write$.next(r);
      log.push(seen());
      end(write$);
      expect(log).toEqual([['s: 123'], ['s: 123'], []]);
    });

    it('early unsubscribe: for good, since it is not settled', () => {
      const { seen, writing } = shown();
      settle(
        's',
        NEVER,
        writing,
      )(() => NEVER)(whole)
        .subscribe()
        .unsubscribe();
      expect(seen()).toEqual(['s: 123']);
    });

    it('empty: not at all', () => {
      const { seen, writing } = shown();
      settle('s', NEVER, writing)(() => NEVER)(batchOf('b', [])).subscribe();
      expect(seen()).toEqual([]);
    });

    it('throwing callback: until the outcome that says that it is dropped', () => {
      const { seen, writing } = shown();
      const write: Write = () => {
        throw new Error('a defect');
      };
      const log: (readonly string[])[] = [];
      settle('s', NEVER, writing)(write)(whole).subscribe(() => log.push(seen()));
      expect(log).toEqual([[]]);
    });
  });
});
