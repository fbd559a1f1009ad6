import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import type { HttpError } from '../client/httpError';
import type { HttpAddress } from '../config/envCodecs';
import type { CommandEnd, CommandHost } from './command';
import { EX } from './exitCodes';
import { printable } from './printable';

const config = (problems: readonly string[]): CommandEnd => ({ code: EX.CONFIG, problems });

const HTTP_OFF =
  'HTTP is not set, so that the daemon of this environment cannot be asked: set HTTP=9410, say, and start it again, or give --http ADDRESS';
const ANY_PORT =
  'HTTP names port 0, which is any that is free: give the one that the log of the daemon names (http: serving) with --http ADDRESS';

/** Where the daemon is asked: as `--http` says, or the environment. Left: how the command ends. */
export const httpAddressOf = (
  given: HttpAddress | undefined,
  { settings }: Pick<CommandHost, 'settings'>,
): E.Either<CommandEnd, HttpAddress> =>
  pipe(
    given
      ? E.right(given)
      : pipe(
          settings(),
          E.bimap(config, ({ http }) => http?.address),
        ),
    E.chain((address) => {
      if (!address) return E.left(config([HTTP_OFF]));
      return address.kind === 'tcp' && address.port === 0 ? E.left(config([ANY_PORT])) : E.right(address);
    }),
  );

/** How a command ends whose daemon does not answer. */
export const endOfHttp = ({ kind, message }: HttpError): CommandEnd => ({
  code: kind === 'forbidden' ? EX.NOPERM : EX.UNAVAILABLE,
  problems: [printable(message)],
});
