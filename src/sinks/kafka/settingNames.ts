import type { Problem } from '../../model';
import { nearest } from '../nearest';
import { childPath } from '../problems';
import { canonicalName, LIBRDKAFKA_NAMES } from './librdkafkaNames';

/** A user's settings under the names they go by here. */
export interface NamedSettings {
  readonly values: Readonly<Record<string, unknown>>;
  /** The name here → the name the user wrote. */
  readonly spelling: ReadonlyMap<string, string>;
  readonly unknown: readonly Problem[];
  /** librdkafka knows them, but here they change nothing. */
  readonly withoutEffect: readonly Problem[];
}

/** What stands in for a setting that has no effect here. */
const WHY: ReadonlyMap<string, string> = new Map([
  ['queue.buffering.max.messages', 'nothing: MAXMEMORY bounds what all streams hold'],
  ['queue.buffering.max.kbytes', 'nothing: MAXMEMORY bounds what all streams hold'],
]);

const unknownName = (path: string, name: string): Problem => {
  const meant = nearest(name, [...LIBRDKAFKA_NAMES]);
  return {
    path: childPath(path, name),
    expected: `a setting of librdkafka${meant === undefined ? '' : ` (did you mean ${meant}?)`}`,
    got: 'an unknown name',
  };
};

const noEffect = (path: string, name: string): Problem => ({
  path: childPath(path, name),
  expected: WHY.get(name) ?? 'nothing',
  got: 'a setting of librdkafka without effect here',
});

const overridden = (path: string, name: string, by: string): Problem => ({
  path: childPath(path, name),
  expected: 'one name for one setting',
  got: `the same setting as ${by}, which counts`,
});

/** Sorts what the user wrote by names: those in `used` have an effect. Of two names of one setting the later counts. */
export const readNames = (raw: object, path: string, used: readonly string[]): NamedSettings => {
  const entries = Object.entries(raw as Record<string, unknown>).map(([name, value]) => ({
    name,
    value,
    canonical: canonicalName(name),
  }));
  const effective = entries.filter(({ canonical }) => used.includes(canonical));
  const spelling = new Map(effective.map(({ canonical, name }) => [canonical, name]));
  return {
    values: Object.fromEntries(effective.map(({ canonical, value }) => [canonical, value])),
    spelling,
    unknown: entries
      .filter(({ canonical }) => !LIBRDKAFKA_NAMES.has(canonical))
      .map(({ name }) => unknownName(path, name)),
    withoutEffect: [
      ...entries
        .filter(({ canonical }) => LIBRDKAFKA_NAMES.has(canonical) && !used.includes(canonical))
        .map(({ name }) => noEffect(path, name)),
      ...effective
        .map(({ canonical, name }) => ({ name, by: spelling.get(canonical) ?? name }))
        .filter(({ name, by }) => name !== by)
        .map(({ name, by }) => overridden(path, name, by)),
    ],
  };
};
