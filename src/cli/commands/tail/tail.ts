import * as E from 'fp-ts/Either';
import { lastValueFrom, takeUntil, takeWhile, tap } from 'rxjs';
import type { ServerEvent } from '../../../client/eventParser';
import { events } from '../../../client/http';
import { HttpError, placeOf } from '../../../client/httpError';
import { tell, type CommandHost } from '../../command';
import { EX } from '../../exitCodes';
import { endOfHttp, httpAddressOf } from '../../httpAddress';
import { countText } from '../../texts';
import { outputTo } from '../../output';
import { jsonLine, rawLine, type Seen } from './lines';
import type { TailRequest } from './request';

/** A daemon says every second that it is there. */
const QUIET_MS = 15_000;
const TELL_EVERY_MS = 5_000;

const pathOf = ({ buckets, rate, bytes }: TailRequest): string => {
  const query = new URLSearchParams({ rate: String(rate), bytes: String(bytes) });
  for (const bucket of buckets) query.append('bucket', bucket);
  return `/messages?${query.toString()}`;
};

/** Shows messages as far as somebody reads them, and counts the others. */
const createShow = ({ raw, limit = Infinity }: TailRequest, { stdout, process, err, now }: CommandHost) => {
  const stream = stdout();
  const output = outputTo(stream);
  const isTerminal = process.stdout.isTTY;
  let shown = 0;
  let unseen = 0;
  let toldMs = now();

  const show = (seen: Seen): void => {
    if (stream.writableNeedDrain) {
      unseen += 1;
      return;
    }
    shown += 1;
    void output.write(raw ? rawLine(seen, isTerminal) : Buffer.from(jsonLine(seen)));
  };
  const tellUnseen = (): void => {
    if (unseen > 0) err(`kahets: ${countText(unseen)} more passed\n`);
    unseen = 0;
    toldMs = now();
  };
  return {
    /** Whether somebody wants more. */
    take: ({ event, data }: ServerEvent): boolean => {
      if (event === 'message') show(data as Seen);
      else unseen += (data as { readonly count: number }).count;
      if (Math.abs(now() - toldMs) >= TELL_EVERY_MS) tellUnseen();
      return shown < limit && !output.isClosed();
    },
    tellUnseen,
  };
};

/** Runs `kahets tail`; resolves with its exit code. */
export const tail = async (request: TailRequest, host: CommandHost): Promise<number> => {
  const found = httpAddressOf(request.http, host);
  if (E.isLeft(found)) return tell(host.err, found.left);
  const address = found.right;
  const show = createShow(request, host);
  const all$ = events(address, pathOf(request), { quietMs: QUIET_MS }).pipe(
    takeWhile(show.take),
    tap(({ event }) => {
      if (event === 'stop') throw new HttpError(placeOf(address), 'gone', 'the daemon stops');
    }),
    takeUntil(host.interrupted$),
  );
  try {
    await lastValueFrom(all$, { defaultValue: undefined });
    show.tellUnseen();
    return EX.OK;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    show.tellUnseen();
    return tell(host.err, endOfHttp(error));
  }
};
