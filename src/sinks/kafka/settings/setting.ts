import type * as t from 'io-ts';
import { maybe, withDefault } from '../../codecs';

/** The largest number that librdkafka's settings take. */
export const MAX_INT = 2_147_483_647;

/** What people are told of a setting, beside how its value is read. */
interface About {
  /** What it does. */
  readonly here: string;
  /** Its other names. */
  readonly also?: readonly string[];
  /** How that differs from librdkafka. */
  readonly unlike?: string;
  /** What holds where it is not set. Default: the value that stands in for it. */
  readonly missing?: string;
}

/** A setting that has an effect here: how its value is read, and all that the reference page says of it. */
export interface Setting<A> extends About {
  readonly codec: t.Type<A, A>;
  /** The values that it takes, for people. */
  readonly values: string;
  readonly missing: string;
}

/** A setting for which `fallback`, librdkafka's default, stands in where it is missing. */
export const setting = <A extends string | number | boolean>(
  codec: t.Type<A, A>,
  fallback: NoInfer<A>,
  about: About,
): Setting<A> => ({
  missing: String(fallback),
  ...about,
  codec: withDefault<A>(codec, fallback),
  values: codec.name,
});

/** A setting that may be missing. */
export const optional = <A>(codec: t.Type<A, A>, about: About): Setting<A | undefined> => ({
  missing: 'none',
  ...about,
  codec: maybe(codec),
  values: codec.name,
});

/** A setting that must be there. */
export const needed = <A>(codec: t.Type<A, A>, about: About): Setting<A> => ({
  missing: 'needed',
  ...about,
  codec,
  values: codec.name,
});
