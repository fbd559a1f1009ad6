/** What is unavoidable: the cost a message of a program that does nothing but move the bytes, beside the daemon in the same run. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { endWithUs } from '../children';
import { inTopics, toKafka, withDaemon } from '../growth/daemon';
import { withFolder, withTopics, type Place } from '../growth/growth';
import { measureCost, type Arrivals, type Cost } from '../growth/measure';
import { middleOf } from '../growth/series';
import { openSender } from '../growth/traffic';
import { measuredOn } from '../machine';
import { markdownTable, type Section } from '../page';
import { align } from '../table';
import { openDrain } from './drain';
import type { BareOptions } from './protocol';

export const LIMIT = 'limit';

const BULK_BYTES = 64 * 1024;
const SIZES: readonly { readonly messageBytes: number; readonly messages: number }[] = [
  { messageBytes: 200, messages: 1_000_000 },
  { messageBytes: 1024, messages: 300_000 },
];

interface Target {
  readonly pid: number;
  readonly socket: string;
  readonly bucket: string;
  readonly arrivals: Arrivals;
}

type Work = (target: Target) => Promise<Cost>;

interface Subject {
  readonly name: string;
  readonly measure: (place: Place, work: Work) => Promise<Cost>;
}

/** A bucket name as long as the daemon's, so that the bytes are as many. */
const BUCKET = 'limit-00000-00-00000';

const bare = (name: string, steps: Pick<BareOptions, 'copies' | 'compresses' | 'checks'>): Subject => ({
  name,
  measure: (_place, work) =>
    withFolder(async (folder) => {
      const socket = path.join(folder, 'bare.sock');
      const drain = await openDrain();
      const options: BareOptions = { path: socket, port: drain.port, ...steps };
      const child = fork(path.join(__dirname, 'bare.ts'), [JSON.stringify(options)], {
        execArgv: ['-r', 'ts-node/register/transpile-only'],
      });
      const exited = once(child, 'exit');
      const forget = endWithUs(() => child.kill('SIGKILL'));
      try {
        await Promise.race([once(child, 'message'), exited]);
        return await work({ pid: child.pid ?? 0, socket, bucket: BUCKET, arrivals: drain.arrivals });
      } finally {
        child.kill('SIGKILL');
        await exited;
        forget();
        await drain.close();
      }
    }),
});

const kahets = (codec: 'none' | 'snappy'): Subject => ({
  name: `kahets, compression ${codec}`,
  measure: async ({ broker }, work) => {
    const { address: brokers } = await broker();
    return withFolder((folder) =>
      withTopics(brokers, { topics: 1, partitions: 3 }, (topics) => {
        const target = { brokers, topics, settings: { 'compression.codec': codec } };
        const [bucket = ''] = topics;
        return withDaemon({ folder, buckets: toKafka(target) }, ({ pid, socket }) =>
          work({ pid, socket, bucket, arrivals: inTopics(target) }),
        );
      }),
    );
  },
});

const SUBJECTS: readonly Subject[] = [
  bare('bare: read', { copies: false, compresses: false, checks: false }),
  bare('bare: read, copy, write', { copies: true, compresses: false, checks: false }),
  kahets('none'),
  bare('bare: read, copy, compress, write', { copies: true, compresses: true, checks: false }),
  bare('bare: read, copy, compress, checksum, write', { copies: true, compresses: true, checks: true }),
  kahets('snappy'),
];

const HEADS = ['', ...SIZES.flatMap(({ messageBytes }) => [`${messageBytes} B: CPU µs/message`, '(min to max)'])];

const cell = (costs: readonly Cost[]): readonly string[] => {
  const cpus = costs.map(({ cpuMicros }) => cpuMicros);
  const middle = middleOf(costs)?.cpuMicros;
  return middle === undefined
    ? ['–', '']
    : [middle.toFixed(2), `${Math.min(...cpus).toFixed(2)} to ${Math.max(...cpus).toFixed(2)}`];
};

const INTRODUCTION = `## The limit

What of a message's cost nobody who moves its bytes gets around: beside the daemon, in the same run, a bare program on Node that reads the same bytes from a UNIX
socket (4 connections, writes of 64 KB), copies them into batches of 1 MB, compresses those with snappy in the loop, checksums what comes out and writes it to a TCP port
of this machine, which throws it away and answers. It knows no frames, makes no records and asks no broker: what the daemon takes more is the cost of all that.`;

/** Measures and prints it, all in turn. */
export const measureLimit = async (place: Place, runs: number): Promise<Section> => {
  const found = SUBJECTS.map((subject) => ({ subject, costs: SIZES.map(() => [] as Cost[]) }));
  for (let run = 0; run < runs; run += 1)
    for (const [i, { messageBytes, messages }] of SIZES.entries())
      for (const { subject, costs } of found) {
        const cost = await subject.measure(place, async ({ pid, socket, bucket, arrivals }) => {
          const perWrite = Math.floor(BULK_BYTES / messageBytes);
          const traffic = { socket, messageBytes, connections: 4, perWrite, buckets: [bucket], keys: false };
          const sender = await openSender(traffic);
          try {
            return await measureCost({
              pid,
              sender,
              arrivals,
              warmUp: (place.scale * messages) / 5,
              messages: place.scale * messages,
            });
          } finally {
            await sender.stop();
          }
        });
        costs[i]?.push(cost);
      }
  const rows = found.map(({ subject: { name }, costs }) => [name, ...costs.flatMap(cell)]);
  console.log(`\n${align([HEADS, ...rows])}`);
  return {
    id: LIMIT,
    markdown: () =>
      [
        INTRODUCTION,
        measuredOn(`npm run bench:growth -- ${LIMIT} --runs ${runs} --write`),
        markdownTable(HEADS, rows),
      ].join('\n\n'),
  };
};
