import * as E from 'fp-ts/Either';
import { pipe } from 'fp-ts/function';
import * as TE from 'fp-ts/TaskEither';
import { getJson, type RequestLimits } from '../../client/http';
import { HttpError, placeOf } from '../../client/httpError';
import type { HttpAddress } from '../../config/envCodecs';
import type { RowQuery, StatusDocument } from '../../control/status/document';
import { readDocument } from './document';

/** A path with which rows of buckets are asked for. */
export const pathOf = (path: '/status.json' | '/events', { bucket = '', limit }: RowQuery): string => {
  const query = new URLSearchParams({
    ...(bucket !== '' && { bucket }),
    ...(limit !== undefined && { limit: String(limit) }),
  });
  return `${path}?${query.toString()}`;
};

/** The document in what came from an address. */
export const documentFrom =
  (address: HttpAddress) =>
  (value: unknown): E.Either<HttpError, StatusDocument> =>
    pipe(
      readDocument(value),
      E.mapLeft((found) => new HttpError(placeOf(address), 'foreign', found)),
    );

/** Asks a daemon how it is, once. */
export const askStatus = (
  address: HttpAddress,
  query: RowQuery,
  limits: RequestLimits,
): TE.TaskEither<HttpError, StatusDocument> =>
  pipe(getJson(address, pathOf('/status.json', query), limits), TE.chainEitherK(documentFrom(address)));
