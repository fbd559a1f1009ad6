import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import { problemLines } from '../../../config/report';
import type { Settings } from '../../../config/env';
import type { ProcessIdentity } from '../../../spool/processes';
import { codeOf, messageOf } from '../../../wire/systemErrors';
import { tell, tellMisconfigured, type CommandEnd, type CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import { httpAddressOf } from '../../httpAddress';
import { printable } from '../../printable';
import { findDaemon } from './findDaemon';
import type { ReloadRequest } from './request';
import { askBefore, resultOf, type Before } from './result';

const SIGNAL_FAILED: ReadonlyMap<string, Omit<CommandEnd, 'problems'>> = new Map([
  ['EPERM', { code: EX.NOPERM }],
  ['ESRCH', { code: EX.UNAVAILABLE }],
]);

const signal = ({ pid }: ProcessIdentity, { process }: CommandHost): CommandEnd | undefined => {
  try {
    process.kill(pid, 'SIGHUP');
    return undefined;
  } catch (error) {
    const { code } = SIGNAL_FAILED.get(codeOf(error) ?? '') ?? { code: EX.UNAVAILABLE };
    return { code, problems: [`process ${pid} cannot be signalled: ${messageOf(error)}`] };
  }
};

/** Whether the daemon can tell the result; left: why not. */
const before = async (
  request: ReloadRequest,
  settings: Settings,
  daemon: ProcessIdentity,
): Promise<E.Either<string, Before>> => {
  const address = pipe(
    httpAddressOf(request.http, { settings: () => E.right(settings) }),
    E.mapLeft(({ problems }) => problems.join(' ')),
  );
  return E.isLeft(address) ? address : askBefore(address.right, daemon);
};

/** Runs `kahets reload`; resolves with its exit code. */
export const reload = async (request: ReloadRequest, host: CommandHost): Promise<number> => {
  const { out, err, interrupted$ } = host;
  const configured = host.configured();
  if (E.isLeft(configured)) return tellMisconfigured(err, configured.left);
  const { settings, warnings } = configured.right;
  err(
    problemLines(warnings)
      .map((warning) => `warning: ${warning}\n`)
      .join(''),
  );
  const found = await findDaemon(settings);
  if (E.isLeft(found)) return tell(err, found.left);
  const { identity } = found.right;
  const asked = await before(request, settings, identity);
  const failed = signal(identity, host);
  if (failed) return tell(err, failed);
  if (E.isLeft(asked)) {
    out(`process ${identity.pid} is told to reload; its log says what becomes of it\n`);
    err(`the result cannot be waited for: ${printable(asked.left)}\n`);
    return EX.OK;
  }
  const end = await resultOf(asked.right, identity, { timeoutMs: request.timeoutMs, interrupted$ });
  if (end.code === EX.OK) out(`process ${identity.pid} has reloaded its configuration\n`);
  return tell(err, end);
};
