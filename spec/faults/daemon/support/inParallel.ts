/** Runs `task` for 0, 1, … `count` - 1, at most `atOnce` at a time; fails with the first that fails. */
export const inParallel = async (
  atOnce: number,
  count: number,
  task: (index: number) => Promise<unknown>,
): Promise<void> => {
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < count; index = next++) await task(index);
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
};
