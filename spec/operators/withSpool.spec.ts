import { NEVER, of, shareReplay, throwError } from 'rxjs';
import { SinkError, type Cause, type Write } from '../../src/model';
import { withSpool } from '../../src/operators/withSpool';
import { batchOf, delivered } from '../support/builders';
import { marbles } from '../support/marbles';
import { failsWhenTold, takesWhenTold } from '../support/writes';

const GRACE_MS = 5;
const batch = batchOf('b', ['1']);
const r = delivered(batch);
const failure = (kind: Cause['kind'], written: 'no' | 'unknown' = 'no'): SinkError =>
  new SinkError('s', [{ batch, cause: { kind, message: kind }, written }]);
const fails =
  (error: SinkError): Write =>
  () =>
    throwError(() => error);
const takes: Write = () => of(delivered(batch, 'spool'));
const s = { ...delivered(batch, 'spool'), how: 'backedUp' } as const;

describe('withSpool', () => {
  it('leaves alone what is taken', () =>
    marbles(({ cold, expectObservable }) => {
      expectObservable(withSpool(takes, GRACE_MS)(() => cold('--r|', { r }))(batch, of(0))).toBe('--r|', { r });
    }));

  it('keeps what failed when the drain gave up', () =>
    marbles(({ cold, scheduler, expectObservable }) => {
      const write = withSpool(takes, GRACE_MS, scheduler)(failsWhenTold(failure('gave_up')));
      expectObservable(write(batch, cold('---g').pipe(shareReplay({ bufferSize: 1, refCount: false })))).toBe(
        '---(s|)',
        { s },
      );
    }));

  it('keeps what was refused after that, too', () =>
    marbles(({ expectObservable }) => {
      expectObservable(withSpool(takes, GRACE_MS)(fails(failure('unavailable')))(batch, of(0))).toBe('(s|)', { s });
    }));

  it('keeps what failed as nobody expected, at any time; after an unknown outcome perhaps twice', () =>
    marbles(({ expectObservable }) => {
      const write = withSpool(takes, GRACE_MS)(fails(failure('unexpected', 'unknown')));
      expectObservable(write(batch, NEVER)).toBe('(s|)', { s: { ...s, maybeTwice: true } });
    }));

  it.each(['gave_up', 'unavailable'] as const)('leaves %s to others before the drain gives up', (kind) =>
    marbles(({ expectObservable }) => {
      expectObservable(withSpool(takes, GRACE_MS)(fails(failure(kind)))(batch, NEVER)).toBe('#', {}, failure(kind));
    }),
  );

  it('never keeps poison', () =>
    marbles(({ expectObservable }) => {
      const write = withSpool(takes, GRACE_MS)(fails(failure('poison')));
      expectObservable(write(batch, of(0))).toBe('#', {}, failure('poison'));
    }));

  it('gives the spool its time from its turn on', () =>
    marbles(({ scheduler, expectObservable }) => {
      const write = withSpool(takesWhenTold('spool'), GRACE_MS, scheduler)(fails(failure('gave_up')));
      expectObservable(write(batch, of(0))).toBe('-----(s|)', { s });
    }));

  it('fails with what the spool does not take either', () =>
    marbles(({ expectObservable }) => {
      const full = fails(failure('unavailable'));
      const write = withSpool(full, GRACE_MS)(fails(failure('gave_up')));
      expectObservable(write(batch, of(0))).toBe('#', {}, failure('unavailable'));
    }));
});
