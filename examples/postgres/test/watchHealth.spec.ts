import { marbles } from 'kahets/testing';
import { watchHealth } from '../src/watchHealth';

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

  it('close: looks no more, and ends', () =>
    marbles(({ cold, hot, scheduler, expectObservable, expectSubscriptions }) => {
      const looked = cold('-(x|)', { x: 'gone' });
      const { health$, told, close } = watchHealth(() => looked, 3, scheduler);
      hot('-a---c').subscribe((event) => (event === 'a' ? told('gone') : close()));
      expectObservable(health$).toBe('ud---|', { u, d });
      expectSubscriptions(looked.subscriptions).toBe('----^!');
    }));
});
