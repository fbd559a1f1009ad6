import { NEVER, of, shareReplay } from 'rxjs';
import { SinkError, type Receipt, type Write } from '../../src/model';
import { withTurns } from '../../src/operators/withTurns';
import { batchOf, delivered, unavailable } from '../../src/testing/builders';
import { marbles } from '../../src/testing/marbles';
import { failsWhenTold } from '../support/writes';

const batch = batchOf('b', ['1']);
const r = delivered(batch);
const backedUp: Receipt = { ...r, how: 'backedUp' };
const takes: Write = () => of(r);
const fails = new SinkError('backup', [unavailable(batch)]);

describe('withTurns', () => {
  it('leaves alone what the backup takes: it is backed up', () =>
    marbles(({ cold, expectObservable }) => {
      const backup: Write = () => cold('--r|', { r });
      expectObservable(withTurns(takes, { ends$: NEVER })(backup)(batch, NEVER)).toBe('--r|', { r: backedUp });
    }));

  it('gives to the primary what the backup fails to take: it is delivered', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const backup: Write = () => cold('--#', {}, fails);
      const primary: Write = () => cold('--r|', { r });
      expectObservable(withTurns(primary, { ends$: NEVER, scheduler })(backup)(batch, NEVER)).toBe('----r|', { r });
    }));

  it('remembers that the backup may have it', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const unknown = new SinkError('backup', [{ ...unavailable(batch), written: 'unknown' }]);
      const write = withTurns(takes, { ends$: NEVER, scheduler })(() => cold('-#', {}, unknown));
      expectObservable(write(batch, NEVER)).toBe('-(r|)', { r: { ...r, maybeTwice: true } });
    }));

  it('gives no poison to the primary', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const poison = new SinkError('backup', [
        { batch, cause: { kind: 'poison', message: 'too large' }, written: 'no' },
      ]);
      const write = withTurns(takes, { ends$: NEVER, scheduler })(() => cold('-#', {}, poison));
      expectObservable(write(batch, NEVER)).toBe('-#', {}, poison);
    }));

  it('fails where both do', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const primary: Write = () => cold('-#', {}, new SinkError('primary', [unavailable(batch)]));
      const write = withTurns(primary, { ends$: NEVER, scheduler })(() => cold('-#', {}, fails));
      expectObservable(write(batch, NEVER)).toBe('--#', {}, fails);
    }));

  it('ends what waits within the backup', () =>
    marbles(({ hot, scheduler, expectObservable }) => {
      const write = withTurns(takes, { ends$: hot('---e'), scheduler })(failsWhenTold(fails));
      expectObservable(write(batch, NEVER)).toBe('---(r|)', { r });
    }));

  it('tells both to give up', () =>
    marbles(({ hot, scheduler, expectObservable }) => {
      const giveUp$ = hot('---g').pipe(shareReplay({ bufferSize: 1, refCount: false }));
      const write = withTurns(failsWhenTold(new SinkError('primary', [unavailable(batch)])), {
        ends$: NEVER,
        scheduler,
      });
      expectObservable(write(failsWhenTold(fails))(batch, giveUp$)).toBe('---#', {}, fails);
    }));

  it('is ended by whoever does not wait for it any more', () =>
    marbles(({ cold, expectObservable, expectSubscriptions }) => {
      const source$ = cold<Receipt>('-----r|', { r });
      expectObservable(withTurns(takes, { ends$: NEVER })(() => source$)(batch, NEVER), '--!').toBe('---');
      expectSubscriptions(source$.subscriptions).toBe('^-!');
    }));
});
