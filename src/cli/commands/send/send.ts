import { resolve } from 'node:path';
import * as E from 'fp-ts/Either';
import { defer, firstValueFrom, map, merge, mergeMap, NEVER, race, throwError, timer } from 'rxjs';
import { connect, ConnectionError, type Connection } from '../../../client/connect';
import type { Settings } from '../../../config/env';
import type { Status, Synced } from '../../../model';
import { socketAddress, socketText } from '../../../wire/address';
import { LENGTH_BYTES } from '../../../wire/frame';
import { codeOf, messageOf } from '../../../wire/systemErrors';
import { tell, type CommandEnd, type CommandHost } from '../../command';
import { barDisplay, plainDisplay, type Display } from '../../display';
import { EX } from '../../exitCodes';
import { pauseUntil } from '../../pauseUntil';
import { countText, messagesText } from '../../texts';
import type { SendRequest } from './request';
import { MessageTooLong } from './input';
import { encoderOf, inputOf, usageProblem, type Input } from './prepare';
import { pump } from './pump';

/** After Ctrl-C the daemon has so long to read what was written. */
const GRACE_MS = 2_000;

/** What a failure means for who called. */
const endOf = (error: unknown): CommandEnd => {
  if (error instanceof MessageTooLong) return { code: EX.DATAERR, problems: [`${error.message} (MAX_FRAME)`] };
  if (error instanceof ConnectionError) return { code: EX.UNAVAILABLE, problems: [error.message] };
  if (codeOf(error) === undefined) throw error;
  return { code: EX.NOINPUT, problems: [`expected input that can be read, got ${messageOf(error)}`] };
};

const OK: CommandEnd = { code: EX.OK, problems: [] };
const INTERRUPTED: CommandEnd = { code: EX.UNAVAILABLE, problems: ['interrupted'] };

/** What is counted while messages are sent. */
interface Sent {
  messages: number;
  bytes: number;
  /** What the daemon answered, where it was asked. */
  synced?: Pick<Synced, 'status' | 'messages'>;
}

const WORDS: Readonly<Record<Status, string>> = {
  0: 'all delivered',
  1: 'some in a backup or among the dead letters',
  2: 'some dropped',
};

const SETTLED: Readonly<Record<Status, CommandEnd>> = {
  0: OK,
  1: {
    code: EX.TEMPFAIL,
    problems: ['some of it lies in a backup or among the dead letters, see the log of the daemon'],
  },
  2: { code: EX.IOERR, problems: ['some of it was dropped, see the log of the daemon'] },
};

const displayOf = (totalBytes: number | undefined, { terminal, err }: CommandHost): Display => {
  const screen = totalBytes === undefined ? undefined : terminal();
  return screen && totalBytes !== undefined ? barDisplay(screen, totalBytes) : plainDisplay(err);
};

/** The answer to a sync. */
const answerOf = (connection: Connection, socket: string, timeoutMs: number): Promise<Synced> => {
  const late = `no answer within ${timeoutMs / 1000} s: what became of the messages is not known`;
  return firstValueFrom(
    race(
      defer(() => connection.sync()),
      timer(timeoutMs).pipe(mergeMap(() => throwError(() => new ConnectionError(socket, late)))),
    ),
  );
};

/** Sends all of the input, or what goes before Ctrl-C; the frame that is being written is written whole. */
const sendAll = async (
  connection: Connection,
  { batches, totalBytes, addedBytes }: Input,
  encode: (message: Buffer) => Buffer,
  { rate, sync, timeoutMs }: SendRequest,
  socket: string,
  sent: Sent,
  host: CommandHost,
): Promise<CommandEnd> => {
  const { interrupted$, now } = host;
  const display = displayOf(totalBytes, host);
  let isStopped = false;
  const interrupted = firstValueFrom(
    merge(interrupted$, NEVER).pipe(
      map((): CommandEnd => {
        isStopped = true;
        return INTERRUPTED;
      }),
    ),
  );
  const pumped = pump(batches, {
    ...{ connection, encode, rate, now },
    pause: pauseUntil(interrupted$),
    onWritten: (messages, bytes) => {
      sent.messages += messages;
      sent.bytes += bytes;
      display.sent(sent.bytes - sent.messages * addedBytes);
    },
    isStopped: () => isStopped,
  })
    .then(async () => {
      if (isStopped || !sync) return isStopped ? INTERRUPTED : OK;
      const { status, messages } = await answerOf(connection, socket, timeoutMs);
      sent.synced = { status, messages };
      return SETTLED[status];
    })
    .catch((error: unknown) => {
      if (error instanceof ConnectionError) throw error;
      // The input is at fault: what is in front of that is still to be read.
      return endOf(error);
    });
  try {
    const end = await Promise.race([pumped, interrupted]);
    const closed = connection.end().then(() => end);
    // What waits for room may be half written: the end comes behind it, or in time without.
    if (end === INTERRUPTED) return await firstValueFrom(race(closed, timer(GRACE_MS).pipe(map(() => end))));
    const both = interrupted.then(({ code, problems }) => ({ code, problems: [...end.problems, ...problems] }));
    return await Promise.race([closed, both]);
  } finally {
    display.end();
  }
};

const report = (request: SendRequest, socket: string, sent: Sent, end: CommandEnd, { out }: CommandHost): void => {
  const { bucket, json } = request;
  if (json) out(`${JSON.stringify({ bucket, socket, ...sent, exitCode: end.code, problems: end.problems })}\n`);
  else {
    const settled = sent.synced ? `, ${WORDS[sent.synced.status]}` : '';
    out(`${messagesText(sent.messages)} (${countText(sent.bytes)} bytes) sent to ${bucket} at ${socket}${settled}\n`);
  }
};

/** Runs `kahets send`; resolves with its exit code. */
export const send = async (request: SendRequest, host: CommandHost): Promise<number> => {
  const { err } = host;
  const encode = encoderOf(request);
  const problem = usageProblem(request, encode);
  if (problem !== undefined) return tell(err, { code: EX.USAGE, problems: [problem] });
  const settings = host.settings();
  if (E.isLeft(settings)) {
    const [code, problems] = [EX.CONFIG, settings.left];
    if (request.json) host.out(`${JSON.stringify({ bucket: request.bucket, exitCode: code, problems })}\n`);
    err(`${problems.join('\n')}\n`);
    return code;
  }
  const { socket, sent, end } = await sendTo(request, encode, settings.right, host);
  report(request, socket, sent, end, host);
  return tell(err, end);
};

/** With its folder, also where that is this one. */
const absolute = (socket: string): string => {
  const address = socketAddress(socket);
  return address?.kind === 'unix' ? resolve(address.path) : socket;
};

const sendTo = async (
  request: SendRequest,
  encode: (message: Buffer) => Buffer,
  settings: Settings,
  host: CommandHost,
): Promise<{ readonly socket: string; readonly sent: Sent; readonly end: CommandEnd }> => {
  const socket = request.socket ?? settings.sockets.slice(0, 1).map(socketText).join();
  const sent: Sent = { messages: 0, bytes: 0 };
  const maxBytes = settings.maxFrameBytes - (encode(Buffer.alloc(0)).length - LENGTH_BYTES);
  let connection: Connection | undefined;
  try {
    const input = await inputOf(request, host, { encode, maxBytes });
    connection = await connect(absolute(socket));
    return { socket, sent, end: await sendAll(connection, input, encode, request, socket, sent, host) };
  } catch (error) {
    return { socket, sent, end: endOf(error) };
  } finally {
    connection?.abandon();
    if (request.message === undefined && request.file === undefined) host.stdin().destroy();
  }
};
