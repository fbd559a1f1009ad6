/** Reads unit files of systemd, as far as the specs need it. */

/** Section, key and value of each line, in order. */
export type UnitFile = readonly { readonly section: string; readonly key: string; readonly value: string }[];

export const parseUnit = (text: string): UnitFile => {
  let section = '';
  return text.split('\n').flatMap((line) => {
    const heading = /^\[(.+)\]$/.exec(line)?.[1];
    if (heading !== undefined) section = heading;
    const [, key, value] = /^([A-Za-z]+)=(.*)$/.exec(line) ?? [];
    return key === undefined || value === undefined ? [] : [{ section, key, value }];
  });
};

export const valuesOf = (unit: UnitFile, key: string): readonly string[] =>
  unit.filter((entry) => entry.key === key).map(({ value }) => value);

/** The value that counts: the last. Throws where there is none. */
export const valueOf = (unit: UnitFile, key: string): string => {
  const value = valuesOf(unit, key).at(-1);
  if (value === undefined) throw new Error(`the unit has no ${key}=`);
  return value;
};

/** The variables that `Environment=` sets. */
export const environmentOf = (unit: UnitFile): Readonly<Record<string, string>> =>
  Object.fromEntries(
    valuesOf(unit, 'Environment').map((value) => {
      const at = value.indexOf('=');
      return [value.slice(0, at), value.slice(at + 1)];
    }),
  );
