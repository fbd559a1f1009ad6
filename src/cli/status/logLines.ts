import type { LogLine } from '../../control/status/recentLines';
import { spanText } from '../screen/figures';

const fieldText = ([name, value]: readonly [string, unknown]): string =>
  `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`;

/** A line of the daemon's log, for people: `5 min ago WARN stream open stream=kafka_01`. */
export const logText = ({ atMs, level, message, fields }: LogLine, nowMs: number): string =>
  [`${spanText(nowMs - atMs)} ago`, level.toUpperCase(), message, ...Object.entries(fields).map(fieldText)].join(' ');
