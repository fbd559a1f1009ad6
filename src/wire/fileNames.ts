const MOST_ASIDE = 100;

/** The names that what is no frame of a file may get, in the order in which they are tried. */
export const asideNames = (path: string): readonly string[] =>
  Array.from({ length: MOST_ASIDE }, (_, number) => `${path}.bad${number === 0 ? '' : `-${number}`}`);

/** Says that all of {@link asideNames} are taken. */
export const asideTaken = (path: string): Error =>
  new Error(`${path}: ${MOST_ASIDE} files were moved aside before; look at them and remove them`);

/** Made when it is needed: that takes a tenth of the time in which the daemon starts. */
let numeric: Intl.Collator | undefined;

const withoutExtension = (path: string): string => path.replace(/[.][^./]*$/, '');

/** The order in which a family of files was made: `r.log`, `r-1.log`… `r-9.log`, `r-10.log`. */
export const compareNames = (one: string, other: string): number => {
  numeric ??= new Intl.Collator('en', { numeric: true });
  return numeric.compare(withoutExtension(one), withoutExtension(other)) || numeric.compare(one, other);
};
