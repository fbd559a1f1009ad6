import type { Held } from '../../model';

/**
 * Charges what record batches take once what runs now has run: memory that is full closes the open batches, which must not come into
 * the middle of one that is being encoded.
 */
export const chargeLater = (held: Pick<Held, 'charge' | 'release'>): ((gain: number) => void) => {
  let gained = 0;
  let isDue = false;
  const charge = (): void => {
    const bytes = gained;
    isDue = false;
    gained = 0;
    if (bytes > 0) held.charge(bytes);
    else if (bytes < 0) held.release(-bytes);
  };
  return (gain) => {
    gained += gain;
    if (isDue || gained === 0) return;
    isDue = true;
    queueMicrotask(charge);
  };
};
