import * as t from 'io-ts';
import type { Codec } from '../../codecs';
import { BATCHING } from './batching';
import { CONNECTION } from './connection';
import { DELIVERY } from './delivery';
import { LOGGING } from './logging';
import { PROTOCOL, SASL, TLS } from './security';
import type { Setting } from './setting';

/** Every setting that has an effect, by its name here. What is decoded and what the reference page tells both come from it. */
export const SETTINGS = { ...CONNECTION, ...DELIVERY, ...BATCHING, ...PROTOCOL, ...TLS, ...SASL, ...LOGGING };

type Codecs<S extends Readonly<Record<string, { readonly codec: t.Mixed }>>> = {
  readonly [K in keyof S]: S[K]['codec'];
};

const codecsOf = <S extends Readonly<Record<string, { readonly codec: t.Mixed }>>>(settings: S): Codecs<S> =>
  Object.fromEntries(Object.entries(settings).map(([name, { codec }]) => [name, codec])) as Codecs<S>;

/** A user's settings by the names they go by here. */
export const Named = t.type(codecsOf(SETTINGS));

export type Named = t.TypeOf<typeof Named>;

export type SettingName = keyof typeof SETTINGS;

type Described = Omit<Setting<unknown>, 'codec'> & { readonly codec: Pick<Codec<unknown>, 'name' | 'schema'> };

/** The settings in the order of the reference page. */
export const SECTIONS: readonly { readonly title: string; readonly settings: Readonly<Record<string, Described>> }[] = [
  { title: 'Brokers and connections', settings: CONNECTION },
  { title: 'Delivery', settings: DELIVERY },
  { title: 'Batches, compression and partitions', settings: BATCHING },
  { title: 'Encryption (TLS)', settings: { ...PROTOCOL, ...TLS } },
  { title: 'Who we are (SASL)', settings: SASL },
  { title: 'Log', settings: LOGGING },
];
