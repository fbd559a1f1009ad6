import type { StatusDocument } from '../../control/status/document';
import type { Colours } from '../screen/colours';
import { bytesText, rateText, shortCount, spanText } from '../screen/figures';
import { lineOf } from '../screen/line';
import type { Rates } from './rates';

/** How something is to be shown. */
export interface Look {
  /** Columns of the terminal. */
  readonly width: number;
  readonly colours: Colours;
}

const reloadsText = ({ reloads: { succeeded, failed, last }, nowMs }: StatusDocument['daemon']): string =>
  last
    ? `${shortCount(succeeded)} succeeded, ${shortCount(failed)} failed; the last ${last.succeeded ? 'succeeded' : 'failed'} ${spanText(nowMs - last.atMs)} ago`
    : 'none';

/** What is to be said of the daemon as a whole. */
export const headLines = (
  { daemon, connections, memory, received, refused }: StatusDocument,
  rates: Rates | undefined,
  { width, colours: { good, bad, doubtful, strong, faint } }: Look,
): readonly string[] => {
  const { version, hostname, pid, ready, phase, reasons, startedMs, nowMs, socket } = daemon;
  const state = ready ? { text: 'ready', paint: good } : { text: `not ready (${phase})`, paint: bad };
  const perSecond = rates ? ` (${rateText(rates.received)} a second)` : '';
  const last = daemon.reloads.last;
  const fact = (name: string, text: string, paint?: (shown: string) => string): string =>
    lineOf(
      [
        { text: name.padEnd(10), paint: faint },
        { text, paint },
      ],
      width,
    );
  return [
    lineOf(
      [
        { text: `kahets ${version}`, paint: strong },
        ` on ${hostname}, process ${pid}: `,
        state,
        `, for ${spanText(nowMs - startedMs)}`,
      ],
      width,
    ),
    ...reasons.map((text) => lineOf(['  ', { text, paint: bad }], width)),
    fact('clients', `${shortCount(connections)} connected to ${socket}`),
    fact(
      'received',
      `${shortCount(received)} ${received === 1 ? 'message' : 'messages'}${perSecond}, ${shortCount(refused)} refused`,
    ),
    fact(
      'memory',
      `${bytesText(memory.heldBytes)} of ${bytesText(memory.highBytes)} held, process ${bytesText(memory.residentBytes)} of ${bytesText(memory.maxBytes)}`,
      memory.full ? bad : undefined,
    ),
    fact('reloads', reloadsText(daemon), last && !last.succeeded ? doubtful : undefined),
  ];
};
