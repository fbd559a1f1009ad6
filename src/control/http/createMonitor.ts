import { createServer } from 'node:http';
import * as TE from 'fp-ts/TaskEither';
import { pipe } from 'fp-ts/function';
import { firstValueFrom } from 'rxjs';
import type { HttpSettings } from '../../config/env';
import type { Monitor, Monitored } from '../monitor';
import { createDiscards } from '../status/discards';
import { statusDocument, type RowQuery, type StatusDocument } from '../status/document';
import { readinessOf, type Phase } from '../status/phase';
import { createRecentLines } from '../status/recentLines';
import { snapshotOf, type Snapshot } from '../status/snapshot';
import { watchLedger } from '../status/watchLedger';
import { createEvents } from './events';
import { allowsHost } from './hosts';
import { listenHttp } from './listen';
import { createMessages } from './messages';
import { createMetrics } from './metrics';
import { pageRoutes } from './page';
import { jsonReply } from './reply';
import { createRouter, type Route } from './router';

export interface MonitorOptions {
  readonly settings: HttpSettings;
  /** Of the program, and of what runs it. */
  readonly version: string;
  readonly nodeVersion: string;
  /** Takes secrets out of what is shown. */
  readonly hide: (text: string) => string;
  readonly now: () => number;
}

/** A request that is not whole by then is ended, as is a connection that is quiet for so long. */
const REQUEST_MS = 10_000;
const HEADERS_MS = 5_000;
const MAX_HEADER_BYTES = 16_384;
const MAX_CONNECTIONS = 64;

/** Rows of buckets in an event, at most and where the question does not say. */
const MOST_ROWS = 500;
const ROWS = 50;

const countIn = (query: URLSearchParams, name: string): number | undefined => {
  const text = query.get(name) ?? '';
  return /^\d{1,6}$/.test(text) ? Number(text) : undefined;
};

/**
 * Watches the daemon, and serves what it sees: `/`, `/metrics`, `/health/live`, `/health/ready`, `/status.json`, `/events`,
 * `/messages`.
 */
export const createMonitor = ({ settings, version, nodeVersion, hide, now }: MonitorOptions): Monitor => {
  const startedMs = now();
  const recent = createRecentLines(hide, now);
  const discards = createDiscards({ showMessages: settings.showMessages, hide, now });
  const metrics = createMetrics({ version, nodeVersion, now });
  const messages = createMessages({ allowed: settings.address.kind === 'unix' || settings.showMessages });
  let phase: Phase = 'starting';
  let connections = (): number => 0;
  let stopEvents = (): void => undefined;

  const routesOf = (daemon: Monitored): ReadonlyMap<string, Route> => {
    let full = false;
    const { held, ledger } = daemon.env;
    /** Asks what only answers later: whether reading pauses, and which files wait. */
    const ask = async (): Promise<void> => {
      full = await firstValueFrom(held.full$);
      await daemon.sinks.look();
    };
    const look = (before?: Snapshot): Snapshot => {
      // It answers after this turn: what is told without waiting for it is of the look before.
      void ask();
      return snapshotOf(ledger.rows(), now(), before);
    };
    const documentAt = (snapshot: Snapshot, query?: RowQuery): StatusDocument =>
      statusDocument(
        {
          ...{ daemon, startedMs, full, snapshot, hide },
          readiness: readinessOf(phase, full),
          connections: connections(),
          discards: discards.list(),
          lines: recent.lines(),
        },
        query,
      );
    const events = createEvents<Snapshot, RowQuery>({ look, tell: documentAt });
    stopEvents = events.stop;

    return new Map<string, Route>([
      ...pageRoutes(daemon.pageFolder),
      [
        '/metrics',
        async () => {
          await ask();
          const snapshot = look();
          const body = await metrics.text(documentAt(snapshot), snapshot.rows);
          return { status: 200, type: metrics.contentType, body };
        },
      ],
      ['/health/live', () => jsonReply(200, { live: true })],
      [
        '/health/ready',
        async () => {
          await ask();
          const readiness = readinessOf(phase, full);
          return jsonReply(readiness.ready ? 200 : 503, readiness);
        },
      ],
      [
        '/status.json',
        async (query) => {
          await ask();
          const asked = { bucket: query.get('bucket') ?? undefined, limit: countIn(query, 'limit') };
          return jsonReply(200, documentAt(look(), asked));
        },
      ],
      [
        '/events',
        (query) =>
          events.open({
            bucket: query.get('bucket') ?? undefined,
            limit: Math.min(MOST_ROWS, countIn(query, 'limit') ?? ROWS),
          }),
      ],
      ['/messages', messages.open],
    ]);
  };

  const serve = (daemon: Monitored): ReturnType<Monitor['serve']> => {
    const { log } = daemon.env;
    const server = createServer(
      {
        ...{ maxHeaderSize: MAX_HEADER_BYTES, headersTimeout: HEADERS_MS, requestTimeout: REQUEST_MS },
        ...{ keepAliveTimeout: REQUEST_MS, connectionsCheckingInterval: HEADERS_MS },
      },
      createRouter({
        routes: routesOf(daemon),
        allowsHost: allowsHost(settings.address, settings.hosts),
        log,
      }),
    );
    server.maxConnections = MAX_CONNECTIONS;
    return pipe(
      listenHttp(server, settings),
      TE.map(({ at, close }) => {
        server.on('error', (error) => log.error('http: the server failed', { at, error: error.message }));
        log.info('http: serving', { at });
        return close;
      }),
    );
  };

  return {
    log: recent.log,
    ledger: (ledger) =>
      watchLedger(ledger, {
        settled: (settled) => {
          metrics.settled(settled);
          settled.outcomes.forEach(discards.outcome);
          messages.settled(settled);
        },
        replayed: discards.outcome,
        refused: discards.refused,
      }),
    listening: (open) => {
      phase = 'listening';
      connections = open;
    },
    stopping: () => {
      phase = 'stopping';
      stopEvents();
      messages.stop();
    },
    serve,
  };
};
