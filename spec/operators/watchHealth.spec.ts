import { watchHealth } from '../../src/operators/watchHealth';
import { marbles } from '../../src/testing/marbles';

const u = { state: 'up' };
const d = { state: 'down', cause: 'gone' };
const e = { state: 'down', cause: 'slow' };

describe('watchHealth', () => {
  it('is up, and looks at nothing, as long as all goes well', () =>
    marbles(({ cold, hot, scheduler, expectObservable, expectSubscriptions }) => {
      const looked = cold('(x|)', { x: undefined });
      const { health$, told } = watchHealth(() => looked, 3, scheduler);
      hot('--a--b', { a: undefined, b: undefined }).subscribe(told);
      expectObservable(health$).toBe('u', { u });
      expectSubscriptions(looked.subscriptions).toBe([]);
    }));

  it('looks while it is down, until it is up', () =>
    marbles(({ cold, hot, scheduler, expectObservable }) => {
      const looks = [cold('(x|)', { x: 'gone' }), cold('-(x|)', { x: 'slow' }), cold('(x|)', { x: undefined })];
      const { health$, told } = watchHealth(() => looks.shift() ?? [], 3, scheduler);
      //        1 2  3  4: looks at 5, 8 and 11
      hot('     --a', { a: 'gone' }).subscribe(told);
      expectObservable(health$).toBe('u-d------e-u', { u, d, e });
    }));

  it('believes a batch that was taken meanwhile', () =>
    marbles(({ cold, hot, scheduler, expectObservable, expectSubscriptions }) => {
      const looked = cold('          ----(x|)', { x: 'slow' });
      const { health$, told } = watchHealth(() => looked, 3, scheduler);
      hot('                   -a---b', { a: 'gone', b: undefined }).subscribe(told);
      expectObservable(health$).toBe('ud---u', { u, d });
      expectSubscriptions(looked.subscriptions).toBe('----^!');
    }));

  it('looks once for all that watch, and tells who comes late the latest first', () =>
    marbles(({ cold, hot, scheduler, expectObservable, expectSubscriptions }) => {
      const looked = cold('          -(x|)', { x: 'slow' });
      const { health$, told } = watchHealth(() => looked, 3, scheduler);
      hot('                   -a', { a: 'gone' }).subscribe(told);
      expectObservable(health$, '^-----!').toBe('ud---e', { u, d, e });
      expectObservable(health$, '--^---!').toBe('--d--e', { d, e });
      expectSubscriptions(looked.subscriptions).toBe('----^!');
    }));

  it('a look that never ends: no other begins', () =>
    marbles(({ cold, hot, scheduler, expectObservable, expectSubscriptions }) => {
      const looked = cold<undefined>('----');
      const { health$, told } = watchHealth(() => looked, 3, scheduler);
      hot('-a', { a: 'gone' }).subscribe(told);
      expectObservable(health$, '^ 20ms !').toBe('ud', { u, d });
      expectSubscriptions(looked.subscriptions).toBe('---- ^ 16ms !');
    }));

  it('a look that is empty says nothing: the next is believed', () =>
    marbles(({ cold, hot, scheduler, expectObservable }) => {
      const looks = [cold<undefined>('|'), cold('(x|)', { x: undefined })];
      const { health$, told } = watchHealth(() => looks.shift() ?? [], 3, scheduler);
      hot('                    -a', { a: 'gone' }).subscribe(told);
      expectObservable(health$).toBe('ud-----u', { u, d });
    }));

  it('a look that fails or throws says what is wrong, and the next is believed', () =>
    marbles(({ cold, hot, scheduler, expectObservable }) => {
      const looks = [() => cold<undefined>('-#', {}, 'slow'), () => cold('(x|)', { x: undefined })];
      const { health$, told } = watchHealth(
        () => {
          const look = looks.pop();
          if (!look) throw new Error('a defect');
          return look();
        },
        3,
        scheduler,
      );
      // looks at 4 and 10, which fails at 11, and 13, which throws
      hot('-a-----b', { a: 'gone', b: 'gone' }).subscribe(told);
      expectObservable(health$, '^-------------!').toBe('ud--u--d---e-f', {
        ...{ u, d, e },
        f: { state: 'down', cause: 'Error: a defect' },
      });
    }));

  it('early unsubscribe: nobody watches, so that it does not look; who comes then is told the latest', () =>
    marbles(({ cold, hot, scheduler, expectObservable, expectSubscriptions }) => {
      const looked = cold('(x|)', { x: 'slow' });
      const { health$, told } = watchHealth(() => looked, 3, scheduler);
      hot('-a', { a: 'gone' }).subscribe(told);
      expectObservable(health$, '^--!').toBe('ud', { u, d });
      expectObservable(health$, '------^-!').toBe('------d', { d });
      expectSubscriptions(looked.subscriptions).toBe([]);
    }));

  it('close: looks no more, and ends', () =>
    marbles(({ cold, hot, scheduler, expectObservable, expectSubscriptions }) => {
      const looked = cold('-(x|)', { x: 'gone' });
      const { health$, told, close } = watchHealth(() => looked, 3, scheduler);
      hot('-a---c').subscribe((event) => (event === 'a' ? told('gone') : close()));
      expectObservable(health$).toBe('ud---|', { u, d });
      expectSubscriptions(looked.subscriptions).toBe('----^!');
    }));
});
