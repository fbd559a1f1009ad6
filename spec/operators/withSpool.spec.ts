import { map, merge, NEVER, of, shareReplay, take, throwError, timer } from 'rxjs';
import { SinkError, type Batch, type Cause, type Rest, type Write } from '../../src/model';
import { withSpool } from '../../src/operators/withSpool';
import { batchOf, delivered } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { failsWhenTold, takesWhenTold } from '../support/writes';

const batch = batchOf('b', ['1']);
const r = delivered(batch);
const failure = (kind: Cause['kind'], written: 'no' | 'unknown' = 'no'): SinkError =>
  new SinkError('s', [{ batch, cause: { kind, message: kind }, written }]);
const gaveUp = (part: Batch): Rest => ({ batch: part, cause: { kind: 'gave_up', message: 'told to' }, written: 'no' });
const fails =
  (error: SinkError): Write =>
  () =>
    throwError(() => error);
const takes: Write = () => of(delivered(batch, 'spool'));
const s = { ...delivered(batch, 'spool'), how: 'backedUp' } as const;

describe('withSpool', () => {
  it('leaves alone what is taken', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(withSpool(takes)(() => cold('--r|', { r }))(batch, of(0))).toBe('--r|', { r });
    }));

  it('keeps what failed when the drain gave up', () =>
    marbles(({ cold, expectObservable }) => {
      const write = withSpool(takes)(failsWhenTold(failure('gave_up')));
      expectObservable(write(batch, cold('---g').pipe(shareReplay({ bufferSize: 1, refCount: false })))).toBe(
        '---(s|)',
        { s },
      );
    }));

  it('keeps what was refused after that, too', () =>
    marbles(({ expectObservable }) => {
      expectObservable(withSpool(takes)(fails(failure('unavailable')))(batch, of(0))).toBe('(s|)', { s });
    }));

  it('keeps what failed as nobody expected, at any time; after an unknown outcome perhaps twice', () =>
    marbles(({ expectObservable }) => {
      const write = withSpool(takes)(fails(failure('unexpected', 'unknown')));
      expectObservable(write(batch, NEVER)).toBe('(s|)', { s: { ...s, maybeTwice: true } });
    }));

  it.each(['gave_up', 'unavailable'] as const)('leaves %s to others before the drain gives up', (kind) =>
    marbles(({ expectObservable }) => {
      expectObservable(withSpool(takes)(fails(failure(kind)))(batch, NEVER)).toBe('#', {}, failure(kind));
    }),
  );

  it('never keeps poison', () =>
    marbles(({ expectObservable }) => {
      const write = withSpool(takes)(fails(failure('poison')));
      expectObservable(write(batch, of(0))).toBe('#', {}, failure('poison'));
    }));

  it('never tells the spool to give up', () =>
    marbles(({ cold, expectObservable }) => {
      const told = () => cold('---g').pipe(shareReplay({ bufferSize: 1, refCount: false }));
      const slow: Write = (part, giveUp$) =>
        merge(takesWhenTold('told')(part, giveUp$), timer(60_000).pipe(map(() => r)));
      const write = withSpool(slow)(failsWhenTold(failure('gave_up')));
      expectObservable(write(batch, told()).pipe(take(1))).toBe('--- 60s (r|)', { r: { ...r, how: 'backedUp' } });
    }));

  it.each(['unavailable', 'gave_up', 'unexpected'] as const)(
    'leaves unsettled what the spool does not take either, where the drain gave up (%s)',
    (kind) =>
      marbles(({ expectObservable }) => {
        const write = withSpool(fails(failure(kind)))(fails(failure('gave_up')));
        expectObservable(write(batch, of(0))).toBe('-');
      }),
  );

  it('fails before that with what the spool does not take, and leaves it unsettled where the drain gives up meanwhile', () =>
    marbles(({ cold, hot, expectObservable }) => {
      const error = failure('unexpected');
      const after3: Write = () => cold('---#', {}, error);
      const write = withSpool(after3)(fails(error));
      expectObservable(write(batch, NEVER)).toBe('---#', {}, error);
      expectObservable(write(batch, hot('-g').pipe(shareReplay({ bufferSize: 1, refCount: false })))).toBe('----');
    }));

  it('hands over part by part, each after the one before, and goes on where one fails', () =>
    marbles(({ cold, expectObservable }) => {
      const [one, two, three] = [batchOf('b', ['1']), batchOf('b', ['2']), batchOf('b', ['3'])];
      const rest: readonly Rest[] = [gaveUp(one), gaveUp(two), gaveUp(three)];
      const half: Write = (part) =>
        part === two ? cold('-#', {}, failure('unexpected')) : cold('--t|', { t: delivered(part, 'spool') });
      const write = withSpool(half)(fails(new SinkError('s', rest)));
      expectObservable(write(batch, of(0))).toBe('--a---b---', {
        a: { ...s, batch: one },
        b: { ...s, batch: three },
      });
    }));

  it('tells which parts have no receipt: from the failure on, and as the spool takes them', () => {
    const [one, two, three] = [batchOf('b', ['1']), batchOf('b', ['2']), batchOf('b', ['3'])];
    const poison: Rest = { ...gaveUp(three), cause: { kind: 'poison', message: 'too large' } };
    const told: (readonly [Batch, readonly Batch[]])[] = [];
    marbles(({ cold, expectObservable }) => {
      const firstOnly: Write = (part) => (part === one ? of(delivered(part, 'spool')) : cold('-'));
      const write = withSpool(firstOnly, (...what) => told.push(what))(
        fails(new SinkError('s', [gaveUp(one), gaveUp(two), poison])),
      );
      expectObservable(write(batch, of(0))).toBe('r', { r: { ...s, batch: one } });
    });
    expect(told).toEqual([
      [batch, [one, two, three]],
      [batch, [two, three]],
    ]);
  });

  it('early unsubscribe: leaves the spool alone', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const spool$ = cold('-----r|', { r });
      const write = withSpool(() => spool$)(fails(failure('gave_up')));
      expectObservable(write(batch, of(0)), '^--!').toBe('----');
      expectSubscriptions(spool$.subscriptions).toBe('^--!');
    }));
});
