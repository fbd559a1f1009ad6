/** The peers' programs, by the names of their Debian packages. */
import { versionOf, type Packaged } from './packages';

export const KCAT: Packaged = { command: 'kcat', packages: ['kcat'] };
export const RSYSLOG: Packaged = {
  command: 'rsyslogd',
  packages: ['rsyslog', 'rsyslog-kafka'],
  module: 'omkafka.so',
};
export const SYSLOG_NG: Packaged = {
  command: 'syslog-ng',
  packages: ['syslog-ng-core', 'syslog-ng-mod-rdkafka'],
  module: 'libkafka.so',
};
const CAT: Packaged = { command: 'cat', packages: ['coreutils'] };

/** Of a peer's name, what it says it is; empty where it is not here. */
export const peerVersions = (): Readonly<Record<string, string>> => ({
  kcat: versionOf(KCAT, ['-V'], /Version (\S+)/),
  'librdkafka of kcat': versionOf(KCAT, ['-V'], /librdkafka (\S+)/),
  rsyslog: versionOf(RSYSLOG, ['-v']),
  'syslog-ng': versionOf(SYSLOG_NG, ['--version'], /\((\d[\d.]*)\)/),
  cat: versionOf(CAT, ['--version']),
});
