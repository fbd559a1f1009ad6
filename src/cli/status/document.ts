import * as E from 'fp-ts/Either';
import * as t from 'io-ts';
import type { StatusDocument } from '../../control/status/document';
import { STATUS_VERSION } from '../../control/status/version';

const maybe = <C extends t.Mixed>(codec: C): t.UnionC<[C, t.UndefinedC]> => t.union([codec, t.undefined]);

const Place = t.type({ type: t.string, to: maybe(t.string) });
const Waiting = t.type({ files: t.number, bytes: t.number, oldestMs: maybe(t.number) });
const Condition = t.type({ state: t.string, sinceMs: maybe(t.number), cause: maybe(t.string) });
const Counts = t.type({
  ...{ received: t.number, delivered: t.number, backedUp: t.number, deadLettered: t.number, held: t.number },
});

const Stream = t.intersection([
  Place,
  Condition,
  t.type({
    id: t.string,
    slice: t.number,
    totals: t.intersection([Counts, t.type({ dropped: t.number })]),
    backup: maybe(t.intersection([Place, t.type({ replays: t.boolean, messages: t.number, waiting: Waiting })])),
    spool: Waiting,
    topicsInTrouble: t.number,
    topics: t.array(t.intersection([Condition, t.type({ bucket: t.string })])),
  }),
]);

const Row = t.intersection([
  Counts,
  t.type({
    ...{ bucket: t.string, stream: t.string },
    dropped: t.record(t.string, t.number),
    perSecond: maybe(t.number),
  }),
]);

/** What is read here of what `/status.json` says. */
const Document = t.type({
  daemon: t.type({
    ...{ version: t.string, pid: t.number, hostname: t.string, socket: t.string },
    ...{ startedMs: t.number, nowMs: t.number, phase: t.string, ready: t.boolean, reasons: t.array(t.string) },
    reloads: t.type({
      ...{ begun: t.number, succeeded: t.number, failed: t.number },
      last: maybe(t.type({ atMs: t.number, succeeded: t.boolean })),
    }),
  }),
  memory: t.type({
    ...{ heldBytes: t.number, highBytes: t.number, residentBytes: t.number, maxBytes: t.number, full: t.boolean },
  }),
  ...{ connections: t.number, received: t.number, refused: t.number },
  streams: t.array(Stream),
  buckets: t.type({ matching: t.number, rows: t.array(Row) }),
  lines: t.array(
    t.type({ number: t.number, atMs: t.number, level: t.string, message: t.string, fields: t.UnknownRecord }),
  ),
});

const Versioned = t.type({ version: t.number });

// A key that is not there is as good as one without a value; `is` would want it there.
const isDocument = (value: unknown): value is StatusDocument => E.isRight(Document.decode(value));

/** The document that a daemon tells of itself; left: what is wrong with it, for people. */
export const readDocument = (value: unknown): E.Either<string, StatusDocument> => {
  const version = Versioned.is(value) ? value.version : undefined;
  if (version === undefined) return E.left('expected the status of a kahets, found something else');
  if (version !== STATUS_VERSION)
    return E.left(
      `expected a status of version ${STATUS_VERSION}, found ${version}: use the kahets of the daemon’s version`,
    );
  return isDocument(value) ? E.right(value) : E.left('expected the status of a kahets, found something else');
};
