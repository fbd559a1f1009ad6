/** Jest's global tear-down of the end-to-end tests: ends the broker that the set-up started. */
export default async (): Promise<void> => {
  await globalThis.kahetsBroker?.remove();
};
