/** docs/kafka-settings.md, made of the tables that settings are decoded by. */
import { REFUSED } from '../src/sinks/kafka/settings/refused';
import { SECTIONS } from '../src/sinks/kafka/settings/table';
import { WITHOUT_EFFECT } from '../src/sinks/kafka/settings/withoutEffect';
import { capital, code, row } from './tables';

export const KAFKA_SETTINGS_PAGE = 'docs/kafka-settings.md';

const names = (all: readonly string[]): string => [...all].sort().map(code).join(', ');

const section = ({ title, settings }: (typeof SECTIONS)[number]): readonly string[] => [
  `## ${title}`,
  '',
  row('setting', 'default', 'values', 'what it does', 'unlike librdkafka'),
  row('---', '---', '---', '---', '---'),
  ...Object.entries(settings).map(([name, { also = [], missing, codec, here, unlike = '' }]) =>
    row([name, ...also].map(code).join(' '), missing, codec.name, capital(here), capital(unlike)),
  ),
  '',
];

const INTRODUCTION = `# Settings of a Kafka stream

<!-- Written by \`npm run docs\` from src/sinks/kafka/settings/: change it there. -->

The \`settings\` of a stream of type \`kafka\` go by the names of librdkafka 2.15.0, with its defaults and ranges but for what the last column says. Values are strings, numbers or
booleans: \`5\` and \`"5"\` are the same, and so are \`true\`, \`"true"\`, \`"t"\` and \`"1"\`. Words are taken in any case, \`null\` is the same as leaving a setting out. A name may have \`{topic}.\` before it, as the Go client writes
topic settings. Where a setting has several names, of two the later counts, with a warning. A string may name a variable: \`"sasl.password": "\${KAFKA_PASSWORD}"\` ([how](configuration.md#variables-and-secrets-in-bucketsjson)).

An unknown name is an error. \`KB\` and \`MB\` below are 1024 and 1024² bytes.
`;

const REFUSED_INTRODUCTION = `## What is refused

These are an error. To go on without them would be worse than not to start. \`sasl.mechanisms\` GSSAPI is another: Kerberos needs libraries of the system that are not used here, so ask for a SCRAM user, or for OAUTHBEARER.
`;

const NOTHING_INTRODUCTION = `## What has no effect

These are known, and change nothing here: a warning says so at the start, with the reason.
`;

/** The whole page. */
export const kafkaSettingsPage = (): string =>
  [
    INTRODUCTION,
    ...SECTIONS.flatMap(section),
    REFUSED_INTRODUCTION,
    row('setting', 'since'),
    row('---', '---'),
    ...REFUSED.map(({ names: refused, why }) => row(names(refused), why)),
    '',
    NOTHING_INTRODUCTION,
    row('setting', 'since'),
    row('---', '---'),
    ...WITHOUT_EFFECT.map(({ names: known, why }) => row(names(known), why)),
    '',
  ].join('\n');
