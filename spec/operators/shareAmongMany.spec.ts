import { filter, NEVER, of, Subject, type Subscription } from 'rxjs';
import { shareAmongMany } from '../../src/operators/shareAmongMany';
import { marbles } from '../../src/testing/marbles';

describe('shareAmongMany', () => {
  it('never, empty: as the source', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(NEVER.pipe(shareAmongMany())).toBe('-');
      expectObservable(cold('--|').pipe(shareAmongMany())).toBe('--|');
    }));

  it('one and many: tells all by one subscription, and leaves the source with the last', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  -a-b-c-d-e-');
      const subs = '         ^-----!';
      const shared$ = source.pipe(shareAmongMany());
      expectObservable(shared$, '  ^---!').toBe('      -a-b-------');
      expectObservable(shared$, '  --^---!').toBe('    ---b-c-----');
      expectSubscriptions(source.subscriptions).toBe(subs);
    }));

  it('subscribes anew after the last has left', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source = cold('  -a-b-');
      const shared$ = source.pipe(shareAmongMany());
      expectObservable(shared$, '  ^-!').toBe('     -a');
      expectObservable(shared$, '  ----^-!').toBe(' -----a');
      expectSubscriptions(source.subscriptions).toBe(['^-!', '----^-!']);
    }));

  it('error and completion reach all', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const [failing, ending] = [cold('-a-#'), cold('-a-|')];
      const [fails$, ends$] = [failing.pipe(shareAmongMany()), ending.pipe(shareAmongMany())];
      for (const start of ['^', '--^']) {
        expectObservable(fails$, start).toBe(start === '^' ? '-a-#' : '---#');
        expectObservable(ends$, start).toBe(start === '^' ? '-a-|' : '---|');
      }
      expectSubscriptions(failing.subscriptions).toBe('^--!');
      expectSubscriptions(ending.subscriptions).toBe('^--!');
    }));

  it('early unsubscribe: who is left while a value is told is told no more, and who comes hears the next one', () => {
    const source = new Subject<number>();
    const shared$ = source.pipe(shareAmongMany());
    const seen: string[] = [];
    const join = (name: string): Subscription => shared$.subscribe((value) => seen.push(`${name} ${value}`));
    shared$.pipe(filter((value) => value === 1)).subscribe(() => {
      second.unsubscribe();
      join('third');
    });
    const second = join('second');
    source.next(1);
    source.next(2);
    expect(seen).toEqual(['third 2']);
  });

  it('a source that ends at once is subscribed to anew by the next', () => {
    const shared$ = of('a').pipe(shareAmongMany());
    const seen: string[] = [];
    for (const name of ['first', 'second'])
      shared$.subscribe({ next: (value) => seen.push(`${name} ${value}`), complete: () => seen.push(`${name} |`) });
    expect(seen).toEqual(['first a', 'first |', 'second a', 'second |']);
  });
});
