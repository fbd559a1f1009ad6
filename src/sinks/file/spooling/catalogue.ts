import { realpath } from 'node:fs/promises';
import { dirname, join, relative, sep } from 'node:path';
import type { Env } from '../../../model';
import { GONE, unless } from '../../../wire/systemErrors';
import { failureLog } from '../errors';
import { sortedNames } from '../folders';
import type { NamePattern, Names } from '../names';
import { openedBy, type Member } from '../openFile';
import { findPaths, inspect, type FileOrder, type Inspected } from '../ownFiles';
import { finalName, isPart } from './part';
import { shareRuns } from './shareRuns';

/** A file that is surely ours: its name is one that the template makes for the bucket of its first frame. */
export interface OwnFile extends Inspected, Member {
  readonly bucket: string;
  /** Left open, by an earlier process or a failure. */
  readonly isPart: boolean;
}

/** What lies below a folder and is not open. */
export interface Listing {
  /** The oldest first; none that was opened after this look began. */
  readonly closed: readonly OwnFile[];
  /** In the same order. */
  readonly parts: readonly OwnFile[];
  /** Parts that are empty or start with no frame: the name is all that says whose they are. */
  readonly headless: readonly string[];
}

/** All files of a sink whose files are to be sent on. */
export interface Catalogue {
  /** Looks anew. Rejects with the error of the file system. */
  readonly list: () => Promise<Listing>;
  /** How many files an owner has, open ones included: as the last look found, and what was made since. */
  readonly countOf: (owner: string | undefined) => Promise<number>;
  readonly made: (path: string, owner: string | undefined) => void;
  /** The path leads to another file than before. */
  readonly changed: (path: string) => void;
}

const orPart = ({ prefix, pattern }: NamePattern): NamePattern => ({
  prefix,
  pattern: new RegExp(`${pattern.source.slice(0, -1)}(?:\\.part)?$`),
});

/** A path as a member of its family, where all its steps below `root` match. */
const memberAt = (path: string, root: string, patterns: readonly NamePattern[]): Member | undefined => {
  const steps = relative(root, path).split(sep);
  const matches = patterns.map(({ pattern }, index) => pattern.exec(steps[index] ?? ''));
  const { stem, number } = matches.at(-1)?.groups ?? {};
  if (stem === undefined || matches.includes(null)) return undefined;
  return { path, family: join(dirname(path), stem), number: Number(number ?? 0), root };
};

const ownFile = (found: Inspected, root: string, patternsOf: Names['patterns']): OwnFile | undefined => {
  const { path, bucket, isWhole } = found;
  if (bucket === undefined) return undefined;
  const patterns = patternsOf(bucket);
  const closed = memberAt(path, root, patterns);
  // Nothing can be sent on of a file that ends within its first frame.
  if (closed) return isWhole ? { ...found, ...closed, bucket, isPart: false } : undefined;
  const part = isPart(path) ? memberAt(finalName(path), root, patterns) : undefined;
  return part && { ...found, ...part, path, bucket, isPart: true };
};

/** Files that are looked into at once. */
const AT_ONCE = 16;
/** A look that misses a file since it is renamed meanwhile is done again; files are closed seldom. */
const MOST_LOOKS = 3;

/** The last answer again, while the same is asked. */
const rememberLast = <A, B>(answer: (question: A) => B): ((question: A) => B) => {
  let last: { readonly question: A; readonly answer: B } | undefined;
  return (question) => {
    if (last?.question !== question) last = { question, answer: answer(question) };
    return last.answer;
  };
};

const countEach = <A>(values: readonly A[]): Map<A, number> => {
  const counts = new Map<A, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return counts;
};

export const createCatalogue = (
  path: string,
  names: Names,
  order: FileOrder,
  env: Pick<Env, 'name' | 'log'>,
): Catalogue => {
  const patterns = names.anyPatterns.map((pattern, index, { length }) =>
    index === length - 1 ? orPart(pattern) : pattern,
  );
  const patternsOf = rememberLast(names.patterns);
  /** What was found, but for parts, so that a look reads only what is new to it; nothing: not ours. */
  const known = new Map<string, OwnFile | undefined>();
  let counts: Map<string | undefined, number> | undefined;
  /** What was made since the last look began, and its owner; it may be in that look or not. */
  const recent = new Map<string, string | undefined>();
  /** Files that the last look has counted and of which nobody has said yet that they are made. */
  let unsaid = new Set<string>();

  /** Paths that were said to be unreadable. */
  const told = new Set<string>();

  /** A broken place of a disk must not hold up all other files; but of what this process has written nothing may be left out. */
  const tellUnreadable = ({ path: at, unreadable }: Inspected): void => {
    if (order.placeOf(at) > 0) throw unreadable;
    if (!told.has(at)) failureLog(env)('file: it cannot be read and is left as it is', at, unreadable);
    told.add(at);
  };

  const inspectAll = async (paths: readonly string[]): Promise<readonly (Inspected | undefined)[]> => {
    const all: (Inspected | undefined)[] = [];
    for (let start = 0; start < paths.length; start += AT_ONCE) {
      all.push(...(await Promise.all(paths.slice(start, start + AT_ONCE).map(inspect))));
    }
    return all;
  };

  /** What is new of `paths`, read; the rest was known before or is not ours. */
  const readNew = async (paths: readonly string[], root: string) => {
    const unknown = paths.filter((at) => !known.has(at));
    const inspected = await inspectAll(unknown);
    const parts: OwnFile[] = [];
    const headless: string[] = [];
    for (const one of inspected) {
      if (!one) continue;
      const file = ownFile(one, root, patternsOf);
      if (one.unreadable !== undefined) tellUnreadable(one);
      else if (file?.isPart) parts.push(file);
      else if (one.bucket === undefined && isPart(one.path)) headless.push(one.path);
      else if (one.bytes > 0) known.set(one.path, file);
    }
    const gone = unknown.some((at, index) => isPart(at) && inspected[index] === undefined);
    return { parts, headless, gone };
  };

  const look = async (triesLeft = MOST_LOOKS - 1): Promise<Listing> => {
    const mark = order.last();
    recent.clear();
    const root = await unless(GONE, realpath(path));
    const paths = root === undefined ? [] : await findPaths(root, patterns, sortedNames);
    const there = new Set(paths);
    for (const seen of [known, told]) for (const at of seen.keys()) if (!there.has(at)) seen.delete(at);
    const open = new Set(paths.filter((at) => openedBy(at)));
    const owners = [...open].map((at) => openedBy(at)?.owner);

    const closedPaths = paths.filter((at) => !open.has(at));
    const { parts, headless, gone } = await readNew(closedPaths, root ?? path);
    // One that was given its final name meanwhile is neither here nor there.
    if (gone && triesLeft > 0) return look(triesLeft - 1);

    const closed = closedPaths.flatMap((at) => known.get(at) ?? []);
    for (const { bucket } of [...closed, ...parts]) owners.push(names.ownerOf(bucket));
    for (const [at, owner] of recent) if (!there.has(at)) owners.push(owner);
    counts = countEach(owners);
    unsaid = new Set([...open].filter((at) => order.placeOf(at) === 0));
    const inOrder = (files: readonly OwnFile[]): readonly OwnFile[] =>
      files.filter((file) => order.placeOf(file.path) <= mark).sort(order.oldestFirst);
    return { closed: inOrder(closed), parts: inOrder(parts), headless };
  };

  const list = shareRuns(() => look());
  let first: Promise<unknown> | undefined;

  return {
    list,
    countOf: async (owner) => {
      if (!counts) {
        first ??= list().finally(() => (first = undefined));
        await first;
      }
      return counts?.get(owner) ?? 0;
    },
    made: (at, owner) => {
      recent.set(at, owner);
      if (!unsaid.delete(at)) counts?.set(owner, (counts.get(owner) ?? 0) + 1);
    },
    changed: (at) => void known.delete(at),
  };
};
