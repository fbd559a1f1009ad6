import type { Problem } from '../../../model';
import { nearest } from '../../nearest';
import { childPath, kindOf } from '../../problems';
import { REFUSED } from './refused';
import { SECTIONS } from './table';
import { WITHOUT_EFFECT } from './withoutEffect';

const reasons = (families: readonly { readonly names: readonly string[]; readonly why: string }[]) =>
  new Map(families.flatMap(({ names, why }) => names.map((name) => [name, why] as const)));

const WHY_NOTHING = reasons(WITHOUT_EFFECT);
const WHY_REFUSED = reasons(REFUSED);

/** Every name of a setting that has an effect → the one that it goes by here. */
const CANONICAL: ReadonlyMap<string, string> = new Map(
  SECTIONS.flatMap(({ settings }) =>
    Object.entries(settings).flatMap(([name, { also = [] }]) => [name, ...also].map((other) => [other, name] as const)),
  ),
);

/**
 * The names of librdkafka's settings: its CONFIGURATION.md at 2.15.0, global and topic, consumer and producer, and those that
 * its Go binding adds (`go.*`, `default.topic.config`), since a user's file may hold any of them.
 */
export const LIBRDKAFKA_NAMES: readonly string[] = [
  ...CANONICAL.keys(),
  ...WHY_REFUSED.keys(),
  ...WHY_NOTHING.keys(),
].sort();

/** A user's settings under the names they go by here. */
export interface NamedSettings {
  readonly values: Readonly<Record<string, unknown>>;
  /** The name here → the name the user wrote. */
  readonly spelling: ReadonlyMap<string, string>;
  /** Names that are unknown, or refused. */
  readonly problems: readonly Problem[];
  /** Names that change nothing here. */
  readonly warnings: readonly Problem[];
}

const unknownName = (path: string, name: string): Problem => {
  const meant = nearest(name, LIBRDKAFKA_NAMES);
  return {
    path,
    expected: `a setting of librdkafka${meant === undefined ? '' : ` (did you mean ${meant}?)`}`,
    got: 'an unknown name',
  };
};

const noEffect = (path: string, why: string): Problem => ({
  path,
  expected: `nothing, since ${why}`,
  got: 'a setting of librdkafka without effect here',
});

const refused = (path: string, why: string, value: unknown): Problem => ({
  path,
  expected: `nothing, since ${why}`,
  got: kindOf(value, path),
});

const overridden = (path: string, by: string): Problem => ({
  path,
  expected: 'one name for one setting',
  got: `the same setting as ${by}, which counts`,
});

/** Topic settings may carry the Go binding's literal prefix. */
const bareName = (name: string): string => name.replace(/^\{topic\}\./, '');

/** Sorts what the user wrote by names. Of two names of one setting the later counts. */
export const readNames = (raw: object, path: string): NamedSettings => {
  const values = new Map<string, unknown>();
  const spelling = new Map<string, string>();
  const problems: Problem[] = [];
  const warnings: Problem[] = [];
  for (const [name, value] of Object.entries(raw as Record<string, unknown>)) {
    const place = childPath(path, name);
    const bare = bareName(name);
    const canonical = CANONICAL.get(bare);
    const whyNothing = WHY_NOTHING.get(bare);
    const whyRefused = WHY_REFUSED.get(bare);
    if (canonical !== undefined) {
      const before = spelling.get(canonical);
      if (before !== undefined) warnings.push(overridden(childPath(path, before), name));
      values.set(canonical, value);
      spelling.set(canonical, name);
    } else if (whyNothing !== undefined) warnings.push(noEffect(place, whyNothing));
    else if (whyRefused !== undefined) problems.push(refused(place, whyRefused, value));
    else problems.push(unknownName(place, name));
  }
  return { values: Object.fromEntries(values), spelling, problems, warnings };
};
