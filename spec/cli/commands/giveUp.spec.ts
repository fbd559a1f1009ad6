import { giveUp } from '../../../src/cli/commands/replay/giveUp';
import type { Health } from '../../../src/model';
import { marbles } from '../../../src/testing/marbles';

const STATES: Readonly<Record<string, Health>> = {
  u: { state: 'up' },
  d: { state: 'down', cause: 'gone' },
  e: { state: 'down', cause: 'other' },
  t: { state: 'topicsDown', topics: new Map([['b', 'no leader']]) },
};

interface Lines {
  readonly health: string;
  readonly settled?: string;
  readonly interrupted?: string;
}

const expectGiveUp = ({ health, settled = '', interrupted = '' }: Lines, expected: string, why = ''): void =>
  marbles(({ cold, scheduler, expectObservable }) => {
    const why$ = giveUp({
      health$: cold(health, STATES),
      settled$: cold(settled),
      interrupted$: cold(interrupted),
      afterMs: 5,
      scheduler,
    });
    expectObservable(why$).toBe(expected, { w: why });
  });

describe('giveUp', () => {
  it('waits while the sink is up and windows settle', () =>
    expectGiveUp({ health: 'u', settled: '50s s 50s s 49998ms s' }, '210s (w|)', 'nothing was acknowledged for 60 s'));

  it('waits no longer than afterMs for a sink that is down', () =>
    expectGiveUp({ health: 'u-d---u-d---------' }, '-------------(w|)', 'gone'));

  it('waits no longer where the cause changes meanwhile, and tells the last', () =>
    expectGiveUp({ health: 'u-d--e--d--e-----' }, '-------(w|)', 'other'));

  it('waits no longer for a topic that is', () => expectGiveUp({ health: 't' }, '-----(w|)', 'b: no leader'));

  it('waits no longer than a minute for an acknowledgement', () =>
    expectGiveUp({ health: 'u' }, '60s (w|)', 'nothing was acknowledged for 60 s'));

  it('waits a little after an interruption', () =>
    expectGiveUp({ health: 'u', interrupted: '---i' }, '5003ms (w|)', 'interrupted'));
});
