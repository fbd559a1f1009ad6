/** How many letters must be added, taken away or replaced to make `b` of `a`. */
const distance = (a: string, b: string): number => {
  const last = Array.from(b).reduce<readonly number[]>(
    (above, letter, row) =>
      Array.from(a).reduce<readonly number[]>(
        (line, other, column) => [
          ...line,
          Math.min(
            (line[column] ?? 0) + 1,
            (above[column + 1] ?? 0) + 1,
            (above[column] ?? 0) + (letter === other ? 0 : 1),
          ),
        ],
        [row + 1],
      ),
    Array.from({ length: a.length + 1 }, (_, column) => column),
  );
  return last[a.length] ?? 0;
};

/** The one of `names` that `name` is most likely meant to be; undefined where none comes near. */
export const nearest = (name: string, names: readonly string[]): string | undefined => {
  const wanted = name.slice(0, 100).toLowerCase();
  const ranked = names.map((other) => ({ other, far: distance(wanted, other.toLowerCase()) }));
  const best = ranked.reduce((one, two) => (two.far < one.far ? two : one), { other: '', far: Infinity });
  return best.far <= Math.max(2, wanted.length / 4) ? best.other : undefined;
};
