import { request, type IncomingMessage, type RequestOptions } from 'node:http';
import * as TE from 'fp-ts/TaskEither';
import { catchError, concat, firstValueFrom, identity, map, Observable, switchMap, throwError, timeout } from 'rxjs';
import { createEventParser, type ServerEvent } from './eventParser';
import { reachedAt, type Address } from '../wire/address';
import { messageOf } from '../wire/systemErrors';
import { connectionTrouble, foreign, goneAway, HttpError, placeOf, refusal } from './httpError';

export interface RequestLimits {
  /** So long may the daemon take: for all of an answer, of events until they begin. Default 5,000. */
  readonly timeoutMs?: number | undefined;
}

export interface EventLimits extends RequestLimits {
  /** A daemon that tells nothing more for so long counts as gone. Default: it may be quiet for ever. */
  readonly quietMs?: number | undefined;
}

const TIMEOUT_MS = 5_000;
/** The books of 10,000 buckets on several streams are some 10 MB. */
const MOST_CHARACTERS = 128_000_000;

const JSON_TYPE = 'application/json';
const EVENTS_TYPE = 'text/event-stream';

const optionsOf = (address: Address, path: string, type: string): RequestOptions => ({
  ...(address.kind === 'unix' ? { socketPath: address.path } : { host: reachedAt(address.host), port: address.port }),
  ...{ path, agent: false, headers: { Accept: type } },
});

/** All of an answer. */
const textOf = (answer: IncomingMessage): Observable<string> =>
  new Observable((to) => {
    let text = '';
    answer.setEncoding('utf8').on('data', (part: string) => {
      text += part;
      if (text.length > MOST_CHARACTERS) to.error(new Error(`an answer of more than ${MOST_CHARACTERS} characters`));
    });
    answer.on('end', () => {
      to.next(text);
      to.complete();
    });
  });

/** The answer to a request, when its headers are there and are as expected. Unsubscribing ends the request. */
const ask = (address: Address, path: string, type: string): Observable<IncomingMessage> =>
  new Observable<IncomingMessage>((to) => {
    const asked = request(optionsOf(address, path, type));
    asked.on('error', (error) => to.error(connectionTrouble(address, error)));
    asked.on('response', (answer) => {
      answer.on('error', (error) => to.error(goneAway(address, error)));
      to.next(answer);
    });
    asked.end();
    return () => void asked.destroy();
  }).pipe(
    switchMap((answer) => {
      const { statusCode: status, headers } = answer;
      const found = headers['content-type'] ?? 'no type';
      if (status === 200 && found.startsWith(type)) return [answer];
      return textOf(answer).pipe(
        switchMap((body) => throwError(() => refusal(address, path, { status, type: found, body }))),
      );
    }),
  );

/** Fails when nothing comes in time. */
const within = <A>(address: Address, config: { readonly first?: number; readonly each?: number }) =>
  timeout<A, Observable<never>>({
    ...config,
    with: () =>
      throwError(
        () => new HttpError(placeOf(address), 'unreachable', `no answer within ${config.each ?? config.first ?? 0} ms`),
      ),
  });

/**
 * Asks the daemon for a JSON document such as `/status.json`, once. Left: what is in the way, for people.
 *
 * @param path from the `/` on, with its query
 */
export const getJson = (
  address: Address,
  path: string,
  { timeoutMs = TIMEOUT_MS }: RequestLimits = {},
): TE.TaskEither<HttpError, unknown> =>
  TE.tryCatch(
    () =>
      firstValueFrom(
        ask(address, path, JSON_TYPE).pipe(
          switchMap(textOf),
          map((text): unknown => JSON.parse(text)),
          within(address, { first: timeoutMs }),
        ),
      ),
    (error) => (error instanceof HttpError ? error : foreign(address, path, messageOf(error))),
  );

const eventsIn = (answer: IncomingMessage): Observable<ServerEvent> =>
  new Observable((to) => {
    const parse = createEventParser();
    answer.setEncoding('utf8').on('data', (text: string) => {
      try {
        for (const event of parse(text)) to.next(event);
      } catch (error) {
        to.error(error);
      }
    });
    answer.on('end', () => to.complete());
  });

/**
 * The server-sent events of the daemon, such as those of `/events`. Never completes: when the daemon ends them, or goes away, it
 * fails with an {@link HttpError}. Unsubscribing closes the request.
 *
 *     daemon   --a--b--c--(end)
 *     events   --a--b--c--#
 *
 * @param path from the `/` on, with its query
 */
export const events = (
  address: Address,
  path: string,
  { timeoutMs = TIMEOUT_MS, quietMs }: EventLimits = {},
): Observable<ServerEvent> =>
  ask(address, path, EVENTS_TYPE).pipe(
    within(address, { first: timeoutMs }),
    switchMap((answer) =>
      concat(
        eventsIn(answer),
        throwError(() => goneAway(address)),
      ),
    ),
    quietMs === undefined ? identity : within(address, { each: quietMs }),
    catchError((error: unknown) =>
      throwError(() => (error instanceof HttpError ? error : foreign(address, path, messageOf(error)))),
    ),
  );
