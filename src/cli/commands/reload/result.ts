import * as E from 'fp-ts/Either';
import { exhaustMap, filter, firstValueFrom, map, race, take, timer, type Observable } from 'rxjs';
import type { HttpAddress } from '../../../config/envCodecs';
import type { StatusDocument } from '../../../control/status/document';
import type { LogLine } from '../../../control/status/recentLines';
import { isRunning, type ProcessIdentity } from '../../../spool/processes';
import type { CommandEnd } from '../../command';
import { EX } from '../../exitCodes';
import { printable } from '../../printable';
import { askStatus } from '../../status/ask';

const ASK_EVERY_MS = 200;
const ASK_MS = 2_000;

/** The daemon before it was signalled. */
export interface Before {
  readonly address: HttpAddress;
  readonly document: StatusDocument;
}

/** How the daemon answers; left: why it cannot be asked. */
export const askBefore = async (address: HttpAddress, { pid }: ProcessIdentity): Promise<E.Either<string, Before>> => {
  const asked = await askStatus(address, { limit: 0 }, { timeoutMs: ASK_MS })();
  if (E.isLeft(asked)) return E.left(asked.left.message);
  const document = asked.right;
  return document.daemon.pid === pid
    ? E.right({ address, document })
    : E.left(`another process answers HTTP, ${document.daemon.pid}`);
};

/** Whether a reload has ended that began after `before`: one under way then may have read the configuration too early. */
const hasEnded = ({ daemon: { reloads } }: StatusDocument, before: StatusDocument): boolean =>
  reloads.succeeded + reloads.failed > before.daemon.reloads.begun;

const isText = (value: unknown): value is string => typeof value === 'string';

/** What the log says of why. */
const problemsIn = (lines: readonly LogLine[], before: readonly LogLine[]): readonly string[] => {
  const last = before[0]?.number ?? 0;
  const told = lines.filter(({ number, level, fields }) => number > last && level === 'error' && 'problems' in fields);
  const problems = told[0]?.fields['problems'];
  return Array.isArray(problems) ? problems.filter(isText).map(printable) : [];
};

const endOf = (after: StatusDocument, before: StatusDocument): CommandEnd =>
  after.daemon.reloads.last?.succeeded === true
    ? { code: EX.OK, problems: [] }
    : {
        code: EX.CONFIG,
        problems: [
          'the daemon has not taken the configuration, what runs goes on; its log says why',
          ...problemsIn(after.lines, before.lines),
        ],
      };

/**
 * Asks again and again, until the daemon says what has become of a reload that began after `before`.
 *
 *     asked   ----a----a----a      a: no such reload has ended
 *     result  --------------(r|)
 */
export const resultOf = (
  { address, document: before }: Before,
  daemon: ProcessIdentity,
  { timeoutMs, interrupted$ }: { readonly timeoutMs: number; readonly interrupted$: Observable<unknown> },
): Promise<CommandEnd> => {
  const look = async (): Promise<CommandEnd | undefined> => {
    const asked = await askStatus(address, { limit: 0 }, { timeoutMs: ASK_MS })();
    if (E.isRight(asked)) return hasEnded(asked.right, before) ? endOf(asked.right, before) : undefined;
    const problems = [`process ${daemon.pid} has ended, its log says why`];
    return (await isRunning(daemon)) ? undefined : { code: EX.UNAVAILABLE, problems };
  };
  const late: CommandEnd = {
    code: EX.TEMPFAIL,
    problems: [
      `no result within ${timeoutMs / 1000} s: streams that go may still settle; the log of the daemon tells it`,
    ],
  };
  const interrupted: CommandEnd = { code: EX.UNAVAILABLE, problems: ['interrupted: the daemon goes on with it'] };
  return firstValueFrom(
    race(
      timer(0, ASK_EVERY_MS).pipe(
        exhaustMap(look),
        filter((end): end is CommandEnd => end !== undefined),
        take(1),
      ),
      timer(timeoutMs).pipe(map(() => late)),
      interrupted$.pipe(map(() => interrupted)),
    ),
  );
};
