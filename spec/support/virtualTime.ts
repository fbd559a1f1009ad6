import { VirtualTimeScheduler } from 'rxjs';

/**
 * Virtual time for very many timers: rxjs's own sorts all of them whenever one is added; here each is put in at its place,
 * behind those of the same time.
 */
export const manyTimers = (): VirtualTimeScheduler => {
  const scheduler = new VirtualTimeScheduler();
  const { actions } = scheduler;
  actions.push = (action) => {
    let low = 0;
    let high = actions.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((actions[middle]?.delay ?? 0) <= action.delay) low = middle + 1;
      else high = middle;
    }
    actions.splice(low, 0, action);
    return actions.length;
  };
  actions.sort = () => actions;
  return scheduler;
};
