import { access } from 'node:fs/promises';
import { resolve } from 'node:path';
import * as E from 'fp-ts/Either';
import { problemLines, type PlacedProblem } from '../../../config/report';
import { hideIn } from '../../../config/secrets';
import type { Configured } from '../../../control/configure';
import type { StreamPlan } from '../../../pipelines/stream/stream';
import type { BucketPlan } from '../../../pipelines/routes';
import { messageOf } from '../../../wire/systemErrors';
import { tell, tellMisconfigured, type CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import { bucketsText } from '../../texts';
import type { CheckRequest } from './request';
import { connect, connectedLines, type Connected } from './connect';
import { planLines } from './plainWords';

const reasonUnreadable = (path: string): Promise<string | undefined> =>
  access(resolve(path)).then(
    () => undefined,
    (error: unknown) => messageOf(error),
  );

const modulesOf = (operators: StreamPlan['operators']): object =>
  operators.length === 0 ? {} : { operators: operators.map(({ module }) => module) };

const bucketJson = ({ config, limits, operators }: BucketPlan): unknown => ({
  ...{ id: config.id, streams: config.streams, ...modulesOf(operators), batch: limits },
  ...{ whenFull: config.whenFull, durability: config.durability },
});

const streamJson = ({ config, primary, backup, deadLetter, operators }: StreamPlan): unknown => ({
  ...{ id: config.id, type: config.type, where: primary.where, slice: config.slice, emptyKey: config.emptyKey },
  ...modulesOf(operators),
  ...(config.backup && {
    backup: {
      ...{ type: config.backup.type, where: backup?.where },
      ...{ replay: config.backup.replay, replayRate: config.backup.replayRate, ...config.failover },
    },
  }),
  ...(deadLetter && { deadLetter: { type: config.deadLetter?.type ?? 'file', where: deadLetter.where } }),
});

const planJson = ({ plan, warnings }: Configured): object => ({
  warnings,
  buckets: plan.buckets.map(bucketJson),
  ...(plan.defaultBucket && { defaultBucket: bucketJson(plan.defaultBucket) }),
  streams: plan.streams.map(streamJson),
});

const summary = (file: string, { plan: { buckets, streams } }: Configured): string =>
  `${file} is right: ${bucketsText(buckets.length)}, ${streams.length} ${streams.length === 1 ? 'stream' : 'streams'}`;

/** Runs `kahets check`; resolves with its exit code. */
export const check = async (request: CheckRequest, host: CommandHost): Promise<number> => {
  const { out, err } = host;
  const file = request.file ?? host.bucketsFile();
  const show = (json: object, hide = (text: string): string => text): void => {
    const hidden = (_key: string, value: unknown): unknown => (typeof value === 'string' ? hide(value) : value);
    if (request.json) out(`${JSON.stringify(json, hidden)}\n`);
  };
  const unreadable = await reasonUnreadable(file);
  if (unreadable !== undefined) {
    const problems: readonly PlacedProblem[] = [
      { file, path: '', expected: 'a file that can be read', got: unreadable },
    ];
    show({ file, exitCode: EX.NOINPUT, problems });
    return tell(err, { code: EX.NOINPUT, problems: problemLines(problems) });
  }
  const configured = host.configured({ bucketsFile: request.file });
  if (E.isLeft(configured)) {
    show({ file, exitCode: EX.CONFIG, problems: configured.left });
    return tellMisconfigured(err, configured.left);
  }
  const { settings, plan, secrets, warnings } = configured.right;
  const hide = hideIn(secrets);
  const { lines, connected } = request.connect
    ? await lookAtAll(configured.right, request.timeoutMs, host)
    : { lines: [], connected: undefined };
  const failed = connected?.some(({ problem }) => problem !== undefined) ?? false;
  const code = failed ? EX.UNAVAILABLE : EX.OK;
  err(
    [...problemLines(warnings).map((warning) => `warning: ${warning}`), ...lines].map((line) => `${line}\n`).join(''),
  );
  show({ file, exitCode: code, problems: [], ...planJson(configured.right), connected }, hide);
  if (!request.json) {
    const found = connected ? ['', ...connectedLines(connected)] : [];
    const text = [summary(file, configured.right), '', ...planLines(plan, settings.maxMemoryBytes), ...found].join(
      '\n',
    );
    out(`${hide(text)}\n`);
  }
  return code;
};

const lookAtAll = async (
  configured: Configured,
  timeoutMs: number,
  { streamEnvironment }: CommandHost,
): Promise<{ readonly lines: readonly string[]; readonly connected: readonly Connected[] }> => {
  const lines: string[] = [];
  const env = streamEnvironment(configured, (line) => lines.push(line));
  return { connected: await connect(configured.plan, env, timeoutMs), lines };
};
