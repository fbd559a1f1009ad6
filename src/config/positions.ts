import type { Node } from 'jsonc-parser';
import { childPath } from '../sinks/problems';
import type { Position } from './report';

export const positionAt = (text: string, offset: number): Position => {
  const before = text.slice(0, offset).split('\n');
  return { line: before.length, column: (before.at(-1) ?? '').length + 1 };
};

type Places = readonly (readonly [path: string, offset: number])[];

/** Where keys and items stand, by their paths. */
const placesIn = ({ type, children = [] }: Node, path: string): Places =>
  children.flatMap((child, index): Places => {
    if (type !== 'object') return placedAt(child, child, childPath(path, index));
    const [key, value] = child.children ?? [];
    return key && value ? placedAt(child, value, childPath(path, String(key.value))) : [];
  });

const placedAt = ({ offset }: Node, value: Node, path: string): Places => [[path, offset], ...placesIn(value, path)];

/** The path of what holds `path`; keys may have dots in them, so that it may be none that is there. */
const holderOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf('.'), path.lastIndexOf('[')));

/**
 * Finds the place that a path names, in whatever case its keys are written; of a key that is missing, that of its object. Of two
 * keys the later counts.
 */
export const positionsIn = (text: string, root: Node): ((path: string) => Position) => {
  // Nobody asks where nothing is wrong.
  let offsets: ReadonlyMap<string, number> | undefined;
  const offsetOf = (path: string): number => {
    offsets ??= new Map(placesIn(root, '').map(([place, offset]) => [place.toLowerCase(), offset]));
    return path === '' ? root.offset : (offsets.get(path) ?? offsetOf(holderOf(path)));
  };
  return (path) => positionAt(text, offsetOf(path.toLowerCase()));
};
