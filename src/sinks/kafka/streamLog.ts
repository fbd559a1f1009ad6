import { logOf, type Level, type Log } from '../../model';
import type { KafkaSettings } from './settings';

/** Severities of syslog (RFC 5424, 6.2.1), which librdkafka's `log_level` counts in. */
const SEVERITY: Readonly<Record<Level, number>> = { fatal: 2, error: 3, warn: 4, info: 6, debug: 7, trace: 7 };

/**
 * The log of one stream, as its settings ask: lines less severe than `log_level` are left out, and with `debug` its lines for
 * finding errors are shown as information, whatever LOG_LEVEL is.
 */
export const streamLog = (log: Log, { debug, level }: KafkaSettings['log']): Log =>
  logOf((of) => {
    if (SEVERITY[of] > level) return () => undefined;
    return log[debug && of === 'debug' ? 'info' : of];
  });
