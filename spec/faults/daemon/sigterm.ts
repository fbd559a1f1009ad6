import path from 'node:path';
import { freePorts } from '../../support/kafka';
import { createTopic } from '../../support/topics';
import type { FaultCase, FaultContext, FaultResult } from '../faultCase';
import { lastLedger, sumOf } from '../ledger';
import { find, type Places } from '../oracle';
import { startTraffic } from '../traffic';
import { BUCKET, lasts, resultOf, startIn } from './support/scene';

const LOAD_MS = 2000;
const DRAIN_MS = 5000;
/** The clients' last bytes, the backups' grace, and the end of the process. */
const BESIDE_DRAIN_MS = 8000;

/**
 * A client that is cut off in mid-write cannot know what was read of it. So what must arrive is what was written before the
 * signal, all of which a stop still reads, and as much in all as the daemon says that it accepted.
 */
const stopUnderLoad = async (context: FaultContext, topic: string, address: string): Promise<FaultResult> => {
  const daemon = await startIn(context, {
    env: { DRAIN_TIMEOUT: DRAIN_MS },
    buckets: {
      streamsConfigs: {
        kafka: {
          type: 'kafka',
          settings: { 'bootstrap.servers': address, 'queue.buffering.max.ms': 50 },
          backup: { type: 'file', settings: { path: 'backup' } },
          failover: { afterMs: 2000, retryMs: 500 },
        },
      },
      buckets: [{ id: topic, streams: ['kafka'] }],
    },
  });
  const traffic = await startTraffic({ socket: daemon.socket, bucket: topic, perSecond: 5000 });
  await lasts(LOAD_MS);
  const before = traffic.next();
  const startMs = performance.now();
  const ended = await daemon.stop();
  const stopMs = performance.now() - startMs;
  await traffic.stop();

  const folders = [path.join(context.folder, 'backup')];
  const places: Omit<Places, 'next'> = topic === BUCKET ? { folders } : { folders, address, topics: [topic] };
  const found = await find({ ...places, next: traffic.next() });
  const { lost: lostBefore } = await find({ ...places, next: before });
  const accepted = sumOf(lastLedger(ended), 'received');
  const arrived = found.sent - found.lost;
  const result = resultOf({ found: { ...found, sent: accepted, lost: Math.max(0, accepted - arrived) }, ended });
  const limitMs = DRAIN_MS + BESIDE_DRAIN_MS;
  return {
    ...result,
    violations: [
      ...result.violations,
      ...(lostBefore > 0 ? [`I1: ${lostBefore} lost that were written before the signal`] : []),
      ...(stopMs > limitMs
        ? [`it stopped after ${(stopMs / 1000).toFixed(1)} s, at most ${limitMs / 1000} expected`]
        : []),
    ],
    note: `stopped in ${(stopMs / 1000).toFixed(1)} s, of a DRAIN_TIMEOUT of ${DRAIN_MS / 1000} s`,
  };
};

const withBroker = async (context: FaultContext): Promise<FaultResult> => {
  const { address } = await context.broker();
  const topic = `sigterm-${context.seed}-${process.pid}`;
  await createTopic(address, topic);
  return stopUnderLoad(context, topic, address);
};

const withoutBroker = async (context: FaultContext): Promise<FaultResult> =>
  stopUnderLoad(context, BUCKET, `127.0.0.1:${(await freePorts(1))[0]}`);

const faultCase = (name: string, title: string, run: FaultCase['run'], quick: boolean): FaultCase => ({
  name,
  number: 25,
  title,
  quick,
  invariants: ['I1', 'I2', 'I3', 'I4', 'I5'],
  limitS: 60,
  run,
});

export const sigtermBrokerUp = faultCase('sigterm-broker-up', 'SIGTERM under load, broker up', withBroker, false);
export const sigtermBrokerDown = faultCase(
  'sigterm-broker-down',
  'SIGTERM under load, broker down',
  withoutBroker,
  true,
);
