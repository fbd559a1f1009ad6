import { hostAndPort, type Address } from '../wire/address';
import { codeOf, messageOf } from '../wire/systemErrors';

/**
 * `unreachable`: nothing answers there. `forbidden`: this user may not ask. `foreign`: what answers is no daemon of this kind.
 * `refused`: it does not answer this now. `gone`: it went away while it answered.
 */
export type HttpTrouble = 'unreachable' | 'forbidden' | 'foreign' | 'refused' | 'gone';

/** Why the daemon's HTTP port does not answer, in a line for people. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  constructor(
    readonly place: string,
    readonly kind: HttpTrouble,
    readonly found: string,
    options?: ErrorOptions,
  ) {
    super(`${place}: ${found}`, options);
  }
}

/** An address for people, as the variable `HTTP` takes it. */
export const placeOf = (address: Address): string => (address.kind === 'unix' ? address.path : hostAndPort(address));

const TROUBLES: ReadonlyMap<string, readonly [HttpTrouble, string]> = new Map([
  ['ECONNREFUSED', ['unreachable', 'nobody listens there: start the daemon, with this address in HTTP']],
  ['ENOENT', ['unreachable', 'no socket is there: start the daemon, with this path in HTTP']],
  ['EACCES', ['forbidden', 'this user may not write to it: see HTTP_MODE']],
  ['EPERM', ['forbidden', 'this user may not connect to it']],
  ['ENOTSOCK', ['foreign', 'expected a socket, found something else']],
  ['ENOTFOUND', ['unreachable', 'the name of this host is not known']],
  ['EAI_AGAIN', ['unreachable', 'the name of this host cannot be looked up']],
  ['ECONNRESET', ['unreachable', 'the connection was closed without an answer']],
  ['EPIPE', ['unreachable', 'the connection was closed without an answer']],
]);

/** Node's parser of HTTP has codes of its own, and one for all that is no JSON. */
const isNoHttp = (error: unknown): boolean => codeOf(error)?.startsWith('HPE_') ?? false;

/** What it means that there is no answer. */
export const connectionTrouble = (address: Address, error: unknown): HttpError => {
  const place = placeOf(address);
  if (isNoHttp(error)) return new HttpError(place, 'foreign', 'expected kahets, found no HTTP', { cause: error });
  const [kind, found] = TROUBLES.get(codeOf(error) ?? '') ?? ['unreachable', messageOf(error)];
  return new HttpError(place, kind, found, { cause: error });
};

/** The daemon went away while it answered. */
export const goneAway = (address: Address, cause?: unknown): HttpError =>
  new HttpError(placeOf(address), 'gone', 'the daemon has closed the connection', { cause });

/** What came is not what a daemon of this kind says. */
export const foreign = (address: Address, path: string, found: string): HttpError =>
  new HttpError(placeOf(address), 'foreign', `expected a kahets that answers ${path}, found ${found}`);

const LONGEST_REASON = 200;

/** The first line of an answer: what others wrote may hold anything. */
const reasonIn = (body: string): string =>
  (body.split('\n', 1)[0] ?? '')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .slice(0, LONGEST_REASON)
    .trim();

/** What an answer means that is not the expected one. */
export const refusal = (
  address: Address,
  path: string,
  { status = 0, type, body }: { readonly status: number | undefined; readonly type: string; readonly body: string },
): HttpError => {
  const place = placeOf(address);
  const reason = reasonIn(body);
  if (status === 503) return new HttpError(place, 'refused', reason);
  if (status === 403) return new HttpError(place, 'forbidden', `${reason} (status 403)`);
  if (status === 421) return new HttpError(place, 'refused', `${reason} (status 421)`);
  return foreign(address, path, status === 200 ? reasonIn(type) : `status ${status}`);
};
