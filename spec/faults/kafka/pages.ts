/** Pages of PHP-FPM behind nginx that send while the broker and the daemon come and go. */
import { startDaemon, type Daemon, type Ended } from '../../support/daemon';
import { readTopic, type Message } from '../../support/kcat';
import { hasPhpFpm } from '../../support/phpFpm';
import {
  askForPages,
  isSafe,
  messageOf,
  PER_REQUEST,
  SEND_MS,
  startPages,
  SYNC_MS,
  WORKERS,
  type Mode,
  type PageAnswer,
} from '../../support/phpPages';
import { createTopic } from '../../support/topics';
import { emptyResult, skippedBecause, type FaultCase, type FaultContext, type FaultResult } from '../faultCase';
import { lastLedger, stopFaults, sumOf } from '../ledger';
import { until } from '../watch';
import { ownBroker } from './brokers';
import { kafkaStream, newTopic } from './scene';

const REQUESTS = 100_000;
/** Every so many requests one asks what became of its messages. */
const SYNC_EVERY = 5;
const RETURN_MS = 120_000;
/** The scheduler of a busy machine may keep a page waiting, whatever the client does. */
const SCHEDULING_MS = 1000;

/** What has come, each message once. */
const createSeen = (messages: number) => {
  const copies = new Uint8Array(messages);
  const counts = { duplicates: 0, invented: 0 };
  return {
    counts,
    add: ({ key, value }: Message): void => {
      const n = Number(/^n=(\d+) /.exec(value?.toString() ?? '')?.[1]);
      const expected = messageOf(n);
      const isOurs = n < messages && key?.toString() === expected.key && value?.toString() === expected.value;
      if (!isOurs) counts.invented += 1;
      else if (copies[n] === 0) copies[n] = 1;
      else counts.duplicates += 1;
    },
    has: (n: number): boolean => copies[n] === 1,
  };
};

const run = async (context: FaultContext): Promise<FaultResult> => {
  if (!hasPhpFpm()) return skippedBecause('php-fpm or nginx is not installed');
  const { node, address } = await ownBroker(context);
  const topic = newTopic('pages');
  await createTopic(address, topic);
  const buckets = {
    streamsConfigs: { kafka: kafkaStream(address) },
    buckets: [{ id: topic, streams: ['kafka'], batch: 10_000, batchTimeout: 100 }],
  };
  const start = (): Promise<Daemon> => startDaemon({ folder: context.folder, buckets });
  let daemon = await start();
  const ends: Ended[] = [];
  const host = await startPages(context.folder, daemon.socket, topic);
  context.atEnd(host.stop);

  const safe: number[] = [];
  const counts = { syncs: 0, notAllSent: 0, longestMs: 0, longestSyncMs: 0 };
  const hear = (answer: PageAnswer): void => {
    if (isSafe(answer)) safe.push(answer.request);
    counts.syncs += answer.status === null ? 0 : 1;
    counts.notAllSent += answer.sent === true ? 0 : 1;
    counts.longestMs = Math.max(counts.longestMs, answer.ms);
    counts.longestSyncMs = Math.max(counts.longestSyncMs, answer.syncMs ?? 0);
  };
  const restart = async (): Promise<void> => {
    ends.push(await daemon.stop());
    daemon = await start();
  };
  const kill = (): Promise<void> => node.stop('SIGKILL');
  const nothing = (): Promise<void> => Promise.resolve();
  const changes = [nothing, kill, restart, node.start, restart, nothing, kill, node.start, restart, nothing];
  const modeOf = (request: number): Mode => (request % SYNC_EVERY === 0 ? 'sync' : 'send');
  const count = REQUESTS / changes.length;
  for (const [at, change] of changes.entries()) {
    const asked = askForPages(host, { first: at * count, count, modeOf }, hear);
    await Promise.all([asked, change()]);
    context.say(`${(at + 1) * count} requests, ${safe.length} of ${counts.syncs} syncs confirmed`);
  }
  await host.stop();

  const confirmed = safe.flatMap((request) => Array.from({ length: PER_REQUEST }, (_, i) => request * PER_REQUEST + i));
  let seen = createSeen(REQUESTS * PER_REQUEST);
  const missing = (): number => confirmed.filter((n) => !seen.has(n)).length;
  const isAllThere = async (): Promise<boolean> => {
    seen = createSeen(REQUESTS * PER_REQUEST);
    await readTopic(address, topic, seen.add);
    return missing() === 0;
  };
  await until(isAllThere, RETURN_MS, 500);
  ends.push(await daemon.stop());
  // What was not confirmed may have come behind that.
  await isAllThere();
  const mostSyncMs = SEND_MS + SYNC_MS + SCHEDULING_MS;
  return {
    ...emptyResult(),
    ...seen.counts,
    sent: confirmed.length,
    lost: missing(),
    duplicatesPossible: ends.reduce((sum, ended) => sum + sumOf(lastLedger(ended), 'duplicatesPossible'), 0),
    longestWaitMs: counts.longestMs,
    waitLimitMs: SEND_MS,
    violations: [
      ...ends.flatMap(stopFaults),
      ...(counts.longestSyncMs > mostSyncMs ? [`a sync took ${counts.longestSyncMs.toFixed(0)} ms`] : []),
      ...(safe.length < counts.syncs / 2 ? [`only ${safe.length} of ${counts.syncs} syncs were confirmed`] : []),
    ],
    note: `${REQUESTS.toLocaleString('en-US')} requests of ${PER_REQUEST} messages; sent: those that ${safe.length} of ${counts.syncs} syncs confirmed; ${counts.notAllSent} pages told that not all was sent; the longest sync took ${counts.longestSyncMs.toFixed(0)} ms`,
  };
};

export const pages: FaultCase = {
  name: 'php-fpm-pages',
  number: 37,
  title: `pages of PHP-FPM, ${WORKERS} at once, while the broker is killed twice and the daemon restarted three times`,
  quick: false,
  invariants: ['I1', 'I2', 'I3', 'I5'],
  limitS: 600,
  run,
};
