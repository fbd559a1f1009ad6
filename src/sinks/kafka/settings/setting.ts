import { about, maybe, withDefault, type Codec } from '../../codecs';

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
  readonly codec: Codec<A>;
  readonly missing: string;
}

const toldOf = <A>(codec: Codec<A>, { here, unlike, missing }: About): Codec<A> =>
  about(
    codec,
    [
      here,
      ...(unlike === undefined ? [] : [`. Unlike librdkafka: ${unlike}`]),
      ...(missing === undefined ? [] : [`. Where it is not set: ${missing}`]),
    ].join(''),
  );

/** A setting for which `fallback`, librdkafka's default, stands in where it is missing. */
export const setting = <A extends string | number | boolean>(
  codec: Codec<A>,
  fallback: NoInfer<A>,
  told: About,
): Setting<A> => ({
  missing: String(codec.encode(fallback)),
  ...told,
  codec: toldOf(withDefault<A>(codec, fallback), told),
});

/** A setting that may be missing. */
export const optional = <A>(codec: Codec<A>, told: About): Setting<A | undefined> => ({
  missing: 'none',
  ...told,
  codec: toldOf(maybe(codec), told),
});

/** A setting that must be there. */
export const needed = <A>(codec: Codec<A>, told: About): Setting<A> => ({
  missing: 'needed',
  ...told,
  codec: toldOf(codec, told),
});
