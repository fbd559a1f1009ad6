import { isAbsolute, join, resolve } from 'node:path';
import { applyEdits, modify, type JSONPath } from 'jsonc-parser';
import type { InitRequest } from './request';

/** The samples that the package brings along. */
export interface Samples {
  readonly buckets: string;
  readonly env: string;
  readonly unit: string;
  /** URL of the schema of `buckets.json`, where it is there. */
  readonly schema: string | undefined;
}

const withValue = (text: string, path: JSONPath, value: string | undefined): string =>
  applyEdits(text, modify(text, path, value, {}));

/** A folder below the one for data, as the user wrote that. */
const below = (data: string, name: string): string => (isAbsolute(data) ? join(data, name) : `./${join(data, name)}`);

/** Puts one line in place of the one that starts with `start`; there must be one. */
const withLine = (text: string, start: string, line: string): string => {
  const lines = text.split('\n');
  const at = lines.findIndex((one) => one.startsWith(start));
  if (at < 0) throw new Error(`the sample has no line that starts with ${start}`);
  return [...lines.slice(0, at), line, ...lines.slice(at + 1)].join('\n');
};

const bucketsText = ({ buckets: sample, schema }: Samples, { brokers, topic, data }: InitRequest): string =>
  [
    [['streamsConfigs', 'kafka_01', 'settings', 'bootstrap.servers'], brokers] as const,
    [['streamsConfigs', 'kafka_01', 'backup', 'settings', 'path'], below(data, 'backup')] as const,
    [['streamsConfigs', 'file_copy', 'settings', 'path'], below(data, 'copy')] as const,
    [['buckets', 0, 'id'], topic] as const,
    [['$schema'], schema] as const,
  ].reduce((text, [path, value]) => withValue(text, [...path], value), sample);

/** systemd takes `%` for a specifier. */
const escaped = (path: string): string => path.replaceAll('%', '%%');

const unitText = (sample: string, folder: string, data: string): string => {
  const dataFolder = resolve(folder, data);
  return [
    ['WorkingDirectory=', `WorkingDirectory=${escaped(folder)}`],
    ['Environment=BUCKETS_FILE=', `Environment="BUCKETS_FILE=${escaped(join(folder, 'buckets.json'))}"`],
    [
      'Environment=SPOOL=',
      `Environment="SPOOL=${escaped(join(dataFolder, 'spool'))}"\n# All else is read-only to it.\nReadWritePaths="${escaped(dataFolder)}"`,
    ],
  ].reduce((text, [start = '', line = '']) => withLine(text, start, line), sample);
};

/** The files to write: name → text. `folder` is where they go. */
export const filesOf = (samples: Samples, folder: string, request: InitRequest): ReadonlyMap<string, string> =>
  new Map([
    ['buckets.json', bucketsText(samples, request)],
    ['.env.dev.local', withLine(samples.env, 'SPOOL=', `SPOOL=${below(request.data, 'spool')}`)],
    ['kahets.service', unitText(samples.unit, folder, request.data)],
  ]);
