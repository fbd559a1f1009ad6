import * as E from 'fp-ts/Either';
import { problemLines } from '../../../config/report';
import type { StreamPlan } from '../../../pipelines/stream/stream';
import { nearest } from '../../../sinks/nearest';
import type { Inspected } from '../../../spool/inspectFile';
import { SpoolError } from '../../../spool/plainFile';
import { failedWith, GONE } from '../../../wire/systemErrors';
import { tell, tellMisconfigured, type CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import { findFiles, foreignLine, goneLine, skippedLine } from '../../findFiles';
import { filesText, messagesText } from '../../texts';
import { surveyByBucket, surveyLines, type FileSurvey } from './dryRun';
import type { Ended } from './ended';
import type { ReplayRequest } from './request';
import { sendFiles } from './sendFiles';

const unknownStream = (to: string, streams: readonly StreamPlan[]): string => {
  const ids = streams.map(({ config }) => config.id);
  const meant = nearest(to, ids);
  return `--to: expected one of ${ids.join(', ')}, got ${JSON.stringify(to)}${meant === undefined ? '' : ` (did you mean ${meant}?)`}`;
};

/** Runs `kahets replay`; resolves with its exit code. */
export const replay = async (request: ReplayRequest, host: CommandHost): Promise<number> => {
  const { out, err } = host;
  const configured = host.configured();
  const fail = (code: number, problems: readonly string[]): number => tell(err, { code, problems });
  if (E.isLeft(configured)) return tellMisconfigured(err, configured.left);
  const { streams } = configured.right.plan;
  const stream = streams.find(({ config }) => config.id === request.to);
  if (!stream) return fail(EX.USAGE, [unknownStream(request.to, streams)]);
  const found = await findFiles(request.paths);
  if (E.isLeft(found)) return fail(EX.NOINPUT, [found.left]);
  const { files, skipped, foreign } = found.right;
  err(
    [...skipped.map(skippedLine), ...problemLines(configured.right.warnings)]
      .map((line) => `kahets: ${line}\n`)
      .join(''),
  );

  const { reports, code, problems } = request.dryRun
    ? await survey(files, request, host)
    : await sendFiles(files, stream, configured.right, request, host);
  const all = [...foreign.map((file) => `${foreignLine(file)}; it stays as it is`), ...problems];
  const exitCode = foreign.length > 0 && code === EX.OK ? EX.DATAERR : code;
  const json = {
    ...{ stream: request.to, dryRun: request.dryRun, exitCode, files: reports },
    ...{ skipped: skipped.map(({ path }) => path), problems: all },
  };
  if (request.json) out(`${JSON.stringify(json)}\n`);
  return fail(exitCode, all);
};

const survey = async (
  files: readonly Inspected[],
  { json }: ReplayRequest,
  { out, err }: CommandHost,
): Promise<Ended<FileSurvey>> => {
  const reports: FileSurvey[] = [];
  const problems: string[] = [];
  for (const { path } of files) {
    try {
      const report = await surveyByBucket(path);
      reports.push(report);
      if (!json) out(`${surveyLines(report).join('\n')}\n`);
    } catch (error) {
      if (!(error instanceof SpoolError)) throw error;
      if (failedWith(GONE, error)) err(`${goneLine(path)}\n`);
      else problems.push(error.message);
    }
  }
  const messages = reports.flatMap(({ buckets }) => buckets).reduce((sum, bucket) => sum + bucket.messages, 0);
  if (!json) out(`${messagesText(messages)} in ${filesText(reports.length)} would be sent\n`);
  const code = reports.some(({ fault }) => fault) ? EX.DATAERR : EX.OK;
  return { reports, code: problems.length > 0 ? EX.NOINPUT : code, problems };
};
