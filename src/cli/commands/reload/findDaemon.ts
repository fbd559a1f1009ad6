import { resolve } from 'node:path';
import * as E from 'fp-ts/Either';
import type { Settings } from '../../../config/env';
import { ownerOf } from '../../../spool/owner';
import { processOf } from '../../../spool/processes';
import { socketText, type Address } from '../../../wire/address';
import { messageOf } from '../../../wire/systemErrors';
import type { CommandEnd } from '../../command';
import { EX } from '../../exitCodes';
import { listenersAt, listenersAtPort } from './listener';
import { factsOf, type ProcessFacts } from './processFacts';

const end = (code: number, problem: string): E.Either<CommandEnd, never> => E.left({ code, problems: [problem] });

const ownerAt = async (spool: string): Promise<E.Either<CommandEnd, ProcessFacts | undefined>> => {
  try {
    const owner = await ownerOf(spool);
    return E.right(owner && (await factsOf(owner)));
  } catch (error) {
    return end(EX.NOPERM, `SPOOL: expected a folder that can be read, to see whose it is, got ${messageOf(error)}`);
  }
};

/** Why a process may not get the signal; undefined: it may. */
const refusal = ({ identity: { pid }, hasTerminal, catchesHangUp }: ProcessFacts): string | undefined => {
  if (hasTerminal)
    return `process ${pid} runs on a terminal, and would stop at SIGHUP: stop it and start it again, or run it as a service`;
  return catchesHangUp ? undefined : `process ${pid} would end at SIGHUP: it is no daemon, or has not started yet`;
};

const listeners = (address: Address): Promise<readonly number[]> =>
  address.kind === 'unix' ? listenersAt(resolve(address.path)) : listenersAtPort(address);

/**
 * The daemon of this environment: who listens at its sockets. One that another user runs, and that root alone can see there, may be the
 * owner of the spool. Left: there is none, or it may not be signalled.
 */
export const findDaemon = async ({
  sockets,
  spool,
}: Pick<Settings, 'sockets' | 'spool'>): Promise<E.Either<CommandEnd, ProcessFacts>> => {
  const found = await Promise.all(sockets.map(listeners));
  const pids = [...new Set(found.flat())];
  const place = sockets.map(socketText).join(', ');
  if (pids.length > 1)
    return end(
      EX.UNAVAILABLE,
      `expected one daemon at ${place}, found there, or in the same folder, processes ${pids.join(', ')}`,
    );
  const [pid] = pids;
  const listener = pid === undefined ? undefined : await processOf(pid);
  const daemon = listener ? E.right(await factsOf(listener)) : await ownerAt(resolve(spool));
  if (E.isLeft(daemon)) return daemon;
  if (!daemon.right)
    return end(
      EX.UNAVAILABLE,
      `no daemon of this user listens at ${place} or holds ${spool}: start it, or run this in its folder and environment, as its user`,
    );
  const refused = refusal(daemon.right);
  return refused === undefined ? E.right(daemon.right) : end(EX.UNAVAILABLE, refused);
};
