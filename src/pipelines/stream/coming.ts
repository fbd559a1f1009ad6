/** What is there now, or comes, unless it is given up. */
export interface Coming<A> {
  value: A | undefined;
  readonly promise: Promise<A | undefined>;
}

export const here = <A>(value: A): Coming<A> => ({ value, promise: Promise.resolve(value) });

/** Whoever waits for the promise from now on gets it after `value` is set, and before anything else happens. */
export const comes = <A>(promise: Promise<A | undefined>): Coming<A> => {
  const coming: Coming<A> = { value: undefined, promise };
  void promise.then((value) => (coming.value = value));
  return coming;
};
