const AGAIN_MS = 20;
const WITHIN_MS = 20_000;

/** Looks again and again until it is so, and gives what was found then. Rejects after 20 s, with what was found last. */
export const until = async <A>(look: () => A | Promise<A>, isSo: (found: A) => boolean): Promise<A> => {
  const deadline = performance.now() + WITHIN_MS;
  for (;;) {
    const found = await look();
    if (isSo(found)) return found;
    if (performance.now() > deadline) throw new Error(`not so within ${WITHIN_MS} ms: ${JSON.stringify(found)}`);
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
};
