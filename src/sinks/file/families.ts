import { join } from 'node:path';
import type { Fsync } from './durability';
import { makeFolders, makeRoot, sortedNames } from './folders';
import { fileName, type Names, type Place } from './names';
import type { Member, OpenFile } from './openFile';

/** The files of one name, numbered. */
export interface Family {
  readonly root: string;
  readonly folder: string;
  readonly place: Place;
}

/** Others may be making names at the same time; so many in a row means that something else is wrong. */
export const MOST_TRIES = 1000;

/** The family that the template gives the bucket now; its folders are made. */
export const familyOf = async (
  bucket: string,
  { path, fsync }: { readonly path: string; readonly fsync: Fsync },
  names: Names,
): Promise<Family> => {
  const root = await makeRoot(path, fsync !== 'never');
  const place = names.place(bucket);
  return { root, place, folder: await makeFolders(root, place.folders) };
};

export const memberOf = ({ root, folder, place }: Family, number: number): Member => ({
  path: join(folder, fileName(place, number)),
  family: join(folder, place.stem),
  number,
  root,
});

/** The largest number in a family, as `numberIn` reads it from a name. */
export const latestIn = async ({ folder }: Family, numberIn: (name: string) => number | undefined): Promise<number> =>
  (await sortedNames(folder)).reduce((most, name) => Math.max(most, numberIn(name) ?? 0), 0);

/** Makes the next file of a family; `create` gives nothing where a number is taken. */
export const createAfter = async (
  family: Family,
  last: number,
  create: (member: Member) => Promise<OpenFile | undefined>,
): Promise<OpenFile> => {
  for (let number = last + 1; number <= last + MOST_TRIES; number += 1) {
    const file = await create(memberOf(family, number));
    if (file) return file;
  }
  throw new Error(`${memberOf(family, last).path}: ${MOST_TRIES} names after it are taken`);
};
