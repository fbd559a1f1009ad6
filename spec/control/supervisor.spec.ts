import { ignoreElements, Observable, timer } from 'rxjs';
import { createSupervisor, unsupervised, type Notice, type SupervisorOptions } from '../../src/control/supervisor';
import { marbles, type Marbles } from '../../src/testing/marbles';

const DRAIN_MS = 5000;
const STOPPING: Notice = ['STOPPING=1', 'STATUS=Stopping; deliveries to go: 7', 'EXTEND_TIMEOUT_USEC=65000000'];
const BEAT: Notice = ['WATCHDOG=1'];
const READY: Notice = ['READY=1', 'STATUS=Listening at /run/a b'];
const RELOADING: Notice = ['RELOADING=1', 'MONOTONIC_USEC=42', 'STATUS=Reading buckets.json again'];
const RELOADED: Notice = ['READY=1', 'STATUS=Listening at /run/a b; configuration reloaded'];
const NOT_RELOADED: Notice = [
  'READY=1',
  'STATUS=Listening at /run/a b; configuration not reloaded, what runs goes on: the log says why',
];
const NAMES: Readonly<Record<string, Notice>> = {
  ...{ R: READY, L: RELOADING, S: RELOADED, F: NOT_RELOADED, X: STOPPING, W: BEAT },
  V: ['WATCHDOG=1', 'STATUS=Stopping; deliveries to go: 7'],
};

/**
 * Compares what is told with `expected`, where this happens: l(istening), r(eloading), s(ucceeded), f(ailed), x (stopping). Who is told
 * takes `takesMs` to hear it.
 */
const expectTold = (
  { cold, scheduler, expectObservable }: Marbles,
  events: string,
  expected: string,
  { takesMs = 0, watchdogMs }: Pick<SupervisorOptions, 'watchdogMs'> & { readonly takesMs?: number } = {},
): void => {
  const told$ = new Observable<Notice>((subscriber) => {
    const supervisor = createSupervisor({
      ...{ watchdogMs, drainTimeoutMs: DRAIN_MS, held: () => 7, monotonicUs: () => 42n, scheduler },
      tell: (notice) => {
        subscriber.next(notice);
        return timer(takesMs, scheduler).pipe(ignoreElements());
      },
    });
    const does: Readonly<Record<string, () => void>> = {
      l: () => supervisor.listening('/run/a\nb'),
      r: supervisor.reloading,
      s: () => supervisor.reloaded(true),
      f: () => supervisor.reloaded(false),
      x: supervisor.stopping,
    };
    subscriber.add(supervisor.telling$.subscribe());
    subscriber.add(cold(events).subscribe((event) => does[event]?.()));
  });
  expectObservable(told$, '^ 40ms !').toBe(expected, NAMES);
};

describe('createSupervisor', () => {
  it('tells nothing while nothing happens', () => marbles((helpers) => expectTold(helpers, '---', '---')));

  it('tells that it listens, once, and that it stops, with the time that this may take', () =>
    marbles((helpers) => expectTold(helpers, '-l--l---x', '-R------X')));

  it('tells of each reload, and what became of it', () =>
    marbles((helpers) => expectTold(helpers, '-l-r--s-r-f', '-R-L--S-L-F')));

  it('is not ready by a reload before it listens, nor again once it stops', () =>
    marbles((helpers) => expectTold(helpers, 'r-s-l-r-x-s-r', '----R-L-X----')));

  it('gives a sign of life three times as often as it is waited for, from the start to the end', () =>
    marbles((helpers) =>
      expectTold(helpers, '-----l----------------x', '---W-RW--W--W--W--W--WX-V--V--V--V--V--V', {
        watchdogMs: 9,
      }),
    ));

  it('tells one after the other, and leaves out a sign of life while one is on its way', () =>
    marbles((helpers) =>
      expectTold(helpers, 'lrs', 'R--W---L----W-S------W--------W--------W', { watchdogMs: 9, takesMs: 7 }),
    ));

  it('stops telling when it is unsubscribed from', () =>
    marbles(({ scheduler, expectObservable, flush }) => {
      const told: Notice[] = [];
      const supervisor = createSupervisor({
        ...{ watchdogMs: 9, drainTimeoutMs: 1, held: () => 0, monotonicUs: () => 0n, scheduler },
        tell: (notice) => {
          told.push(notice);
          return timer(0, scheduler).pipe(ignoreElements());
        },
      });
      expectObservable(supervisor.telling$, '^ 6ms !').toBe('-');
      flush();
      supervisor.listening('/run/s');
      expect(told).toEqual([BEAT, BEAT]);
    }));
});

describe('unsupervised', () => {
  it('tells nobody', () =>
    marbles(({ expectObservable }) => {
      unsupervised.listening('/run/s');
      unsupervised.reloading();
      unsupervised.reloaded(true);
      unsupervised.stopping();
      expectObservable(unsupervised.telling$).toBe('|');
    }));
});
