/** Calls `kill` when the bench ends for whatever reason, until what it returns is called. */
export const endWithUs = (kill: () => void): (() => void) => {
  process.once('exit', kill);
  return () => void process.off('exit', kill);
};
