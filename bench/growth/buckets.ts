import { inFiles, toOneFile, withDaemon } from './daemon';
import { namesOf, withFolder, type Growth, type Place } from './growth';
import { measureCost, type Cost } from './measure';
import { openSender } from './traffic';

const MESSAGES = 400_000;

const measure = (count: number, { scale }: Place): Promise<Cost> =>
  withFolder((folder) =>
    // At the default of MAXMEMORY 4,000 buckets are open at once.
    withDaemon({ folder, buckets: toOneFile(), env: { MAXMEMORY: '1GB' } }, async ({ pid, socket }) => {
      const sender = await openSender({
        socket,
        messageBytes: 200,
        connections: 4,
        perWrite: 300,
        buckets: namesOf(count),
        keys: false,
      });
      try {
        const arrivals = inFiles({ folder });
        return await measureCost({ pid, sender, arrivals, warmUp: (scale * MESSAGES) / 4, messages: scale * MESSAGES });
      } finally {
        await sender.stop();
      }
    }),
  );

/** A bucket's way up to its stream, without the broker, whose cost of many topics would hide it. */
export const buckets: Growth = {
  name: 'buckets',
  title: 'Buckets, all in one file',
  what: '200 B, 4 connections, writes of 60 KB, each message to the next bucket, a file stream, `MAXMEMORY` 1 GB',
  unit: 'buckets',
  points: [1, 10, 100, 1000, 10_000].map((x) => ({ x, run: (place) => measure(x, place) })),
};
