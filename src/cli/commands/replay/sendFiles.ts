import * as E from 'fp-ts/Either';
import { asyncScheduler, merge, ReplaySubject, Subject } from 'rxjs';
import type { Configured } from '../../../control/configure';
import type { StreamPlan } from '../../../pipelines/stream/stream';
import type { Inspected } from '../../../spool/inspectFile';
import { SpoolError } from '../../../spool/plainFile';
import { failedWith, GONE } from '../../../wire/systemErrors';
import type { CommandHost } from '../../command';
import { barDisplay, plainDisplay } from '../../display';
import { EX } from '../../exitCodes';
import { goneLine } from '../../findFiles';
import { countText, filesText, messagesText } from '../../texts';
import type { Ended } from './ended';
import { giveUp } from './giveUp';
import { openStream } from './openStream';
import type { ReplayRequest } from './request';
import { sendFile, type FileReport } from './sendFile';

const countsText = ({
  delivered,
  deadLettered,
  duplicatesPossible,
}: Omit<FileReport, 'path' | 'state' | 'sentBytes'>) =>
  [
    messagesText(delivered),
    ...(deadLettered > 0 ? [`${countText(deadLettered)} dead-lettered`] : []),
    ...(duplicatesPossible > 0 ? [`${countText(duplicatesPossible)} perhaps twice`] : []),
  ].join(', ');

const fileLine = (report: FileReport): string =>
  `${report.path}: ${report.state === 'sent' ? 'sent' : 'not all is sent'}: ${countsText(report)}`;

const asideLine = ({ path, aside }: FileReport): readonly string[] =>
  aside
    ? [
        `${path}: from byte ${aside.at} on no message (${aside.detail}): ${countText(aside.bytes)} bytes are in ${aside.path} now`,
      ]
    : [];

const totalOf = (reports: readonly FileReport[], key: 'delivered' | 'deadLettered' | 'duplicatesPossible'): number =>
  reports.reduce((sum, report) => sum + report[key], 0);

/** Why it ended before all was sent; undefined: it did not. */
type Stop = { readonly code: number; readonly problem: string } | undefined;

/** Sends files on to the primary of a stream, one after the other, until one is not all sent. */
export const sendFiles = async (
  files: readonly Inspected[],
  plan: StreamPlan,
  configured: Configured,
  { rate, keep, json, to }: ReplayRequest,
  { err, interrupted$, out, streamEnvironment, terminal: terminalOf }: CommandHost,
): Promise<Ended<FileReport>> => {
  const totalBytes = files.reduce((sum, { bytes }) => sum + bytes, 0);
  const terminal = terminalOf();
  const display = terminal ? barDisplay(terminal, totalBytes) : plainDisplay(err);
  const env = streamEnvironment(configured, display.line);
  const opened = await openStream(plan, env)();
  if (E.isLeft(opened)) {
    display.end();
    const { sink, message } = opened.left;
    return { reports: [], code: EX.UNAVAILABLE, problems: [`${sink}: ${message}`] };
  }
  const stream = opened.right;
  const settled$ = new Subject<void>();
  const giveUp$ = new ReplaySubject<string>(1);
  let gaveUp: string | undefined;
  const { afterMs } = plan.config.failover;
  const waiting = giveUp({ health$: stream.health$, settled$, interrupted$, afterMs }).subscribe((why) => {
    gaveUp = why;
    giveUp$.next(why);
  });
  const reports: FileReport[] = [];

  const sendOne = async ({ path }: Inspected, before: number): Promise<Stop> => {
    try {
      const report = await sendFile(path, {
        ...{ stream: to, write: stream.write, rate, keep, giveUp$, log: env.log },
        stop$: merge(interrupted$, giveUp$),
        scheduler: asyncScheduler,
        onSent: (bytes) => {
          settled$.next();
          display.sent(before + bytes);
        },
      });
      reports.push(report);
      display.line(fileLine(report));
      if (report.state === 'sent') return undefined;
      if (report.left?.kind === 'refused') return { code: EX.DATAERR, problem: `${path}: ${report.left.message}` };
      const why = gaveUp ?? report.left?.message ?? 'interrupted';
      return { code: EX.UNAVAILABLE, problem: `${path}: not all is sent: ${why}` };
    } catch (error) {
      if (!(error instanceof SpoolError)) throw error;
      if (!failedWith(GONE, error)) return { code: EX.UNAVAILABLE, problem: error.message };
      display.line(goneLine(path));
      return undefined;
    }
  };

  let before = 0;
  let stop: Stop;
  let done = 0;
  try {
    for (const file of files) {
      stop = await sendOne(file, before);
      if (stop) break;
      done += 1;
      before += file.bytes;
      display.sent(before);
    }
  } finally {
    waiting.unsubscribe();
    await stream.close();
    display.end();
  }

  const asides = reports.flatMap(asideLine);
  const counts = {
    delivered: totalOf(reports, 'delivered'),
    deadLettered: totalOf(reports, 'deadLettered'),
    duplicatesPossible: totalOf(reports, 'duplicatesPossible'),
  };
  const left = files.length - done;
  if (!json) out(`${countsText(counts)} sent to ${to}: ${countText(done)} of ${filesText(files.length)} done\n`);
  const rest = stop ? [stop.problem, `${filesText(left)} left: the same command goes on from there`] : [];
  const code = stop?.code ?? (asides.length > 0 ? EX.DATAERR : EX.OK);
  return { reports, code, problems: [...asides, ...rest] };
};
