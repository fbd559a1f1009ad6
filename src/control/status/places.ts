import type { SinkConfig } from '../../config/buckets';

/** Settings that say where messages go. No other is shown. */
const SERVERS = ['bootstrap.servers', 'metadata.broker.list'];
const FOLDER = 'path';
const LONGEST = 200;

/** A kind of sink, and where it writes. */
export interface Place {
  readonly type: string;
  /** Undefined: its settings do not say. */
  readonly to: string | undefined;
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

/** A URL may carry a name and a password, and these any sign but this one. */
const withoutCredentials = (text: string): string => text.replace(/^.*@/s, '…@');

const textIn = (settings: unknown, names: readonly string[]): string | undefined => {
  const values = isRecord(settings) ? names.map((name) => settings[name]) : [];
  return values.find((value) => typeof value === 'string');
};

/** Where a sink writes, as its settings say; `hide` takes secrets out of it. */
export const placeOf = ({ type, settings }: SinkConfig, hide: (text: string) => string): Place => {
  const servers = textIn(settings, SERVERS);
  const found = servers === undefined ? textIn(settings, [FOLDER]) : withoutCredentials(servers);
  return { type, to: found === undefined ? undefined : hide(found).slice(0, LONGEST) };
};
