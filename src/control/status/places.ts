import type { CheckedSink } from '../../model';

const LONGEST = 200;

/** A kind of sink, and where it writes. */
export interface Place {
  readonly type: string;
  /** For people: `Kafka at kafka1:9092`. Undefined: its kind says it. */
  readonly to: string | undefined;
}

/** A URL may carry a name and a password, and these any sign but a space. */
const withoutCredentials = (text: string): string => text.replace(/:\/\/\S*@/g, '://…@');

/** Where a sink writes, as it says itself; `hide` takes secrets out of it. */
export const placeOf = (
  type: string,
  { where }: Pick<CheckedSink, 'where'>,
  hide: (text: string) => string,
): Place => ({
  type,
  to: where === undefined ? undefined : hide(withoutCredentials(where)).slice(0, LONGEST),
});
