import { namesOf } from '../places';
import { withDaemonToFile } from './daemon';
import type { Growth, Place } from './growth';
import { measureCost, type Cost } from './measure';
import { bulkTraffic } from './traffic';

const MESSAGES = 400_000;

const measure = (count: number, { scale }: Place): Promise<Cost> =>
  // At the default of MAXMEMORY 4,000 buckets are open at once.
  withDaemonToFile({ env: { MAXMEMORY: '1GB' } }, ({ daemon: { pid, socket }, arrivals }) =>
    measureCost({
      pid,
      arrivals,
      traffic: bulkTraffic({ socket, buckets: namesOf(count) }),
      warmUp: (scale * MESSAGES) / 4,
      messages: scale * MESSAGES,
    }),
  );

/** A bucket's way up to its stream, without the broker, whose cost of many topics would hide it. */
export const buckets: Growth = {
  name: 'buckets',
  title: 'Buckets, all in one file',
  what: '200 B, 4 connections, writes of 64 KB, each message to the next bucket, a file stream, `MAXMEMORY` 1 GB',
  unit: 'buckets',
  points: [1, 10, 100, 1000, 10_000].map((x) => ({ x, run: (place) => measure(x, place) })),
};
