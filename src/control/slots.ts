import type { Slots } from '../model';

/** Runs at most `size` tasks at once, the others in order of their coming. */
export const createSlots = (size: number): Slots => {
  const waiting: (() => void)[] = [];
  let free = size;
  return {
    size,
    async run(work) {
      if (free > 0) free -= 1;
      else await new Promise<void>((resolve) => waiting.push(resolve));
      try {
        return await work();
      } finally {
        const next = waiting.shift();
        if (next) next();
        else free += 1;
      }
    },
  };
};
