/** What is unavoidable: the cost a message of a program that does nothing but move the bytes, beside the daemon in the same run. */
import path from 'node:path';
import type { CodecName } from '../../src/sinks/kafka/settings';
import { withFork } from '../children';
import { minToMax } from '../figures';
import { withDaemonToKafka } from '../growth/daemon';
import type { Place } from '../growth/growth';
import { measureCost, type Arrivals, type Cost } from '../growth/measure';
import { middleOf } from '../growth/series';
import { bulkTraffic } from '../growth/traffic';
import { inTurn } from '../inTurn';
import { measuredOn } from '../machine';
import { markdownTable, type Section } from '../page';
import { namesOf, withFolder } from '../places';
import { align } from '../table';
import { openDrain } from './drain';
import type { BareOptions } from './protocol';

export const LIMIT = 'limit';

const SIZES: readonly { readonly messageBytes: number; readonly messages: number }[] = [
  { messageBytes: 200, messages: 1_000_000 },
  { messageBytes: 1024, messages: 300_000 },
];

interface Target {
  readonly pid: number;
  readonly socket: string;
  readonly buckets: readonly string[];
  readonly arrivals: Arrivals;
}

type Work = (target: Target) => Promise<Cost>;

interface Subject {
  readonly name: string;
  readonly measure: (place: Place, work: Work) => Promise<Cost>;
}

const bare = (name: string, steps: Omit<BareOptions, 'path' | 'port'>): Subject => ({
  name,
  measure: (_place, work) =>
    withFolder(async (folder) => {
      const socket = path.join(folder, 'bare.sock');
      const { port, arrivals, close } = await openDrain();
      const options: BareOptions = { path: socket, port, ...steps };
      try {
        return await withFork(path.join(__dirname, 'bare.ts'), [JSON.stringify(options)], async ({ pid, next }) => {
          await next();
          return work({ pid, socket, buckets: namesOf(1), arrivals });
        });
      } finally {
        await close();
      }
    }),
});

const kahets = (codec: CodecName): Subject => ({
  name: `kahets, compression ${codec}`,
  measure: (place, work) =>
    withDaemonToKafka(
      place,
      { settings: { 'compression.codec': codec } },
      ({ daemon: { pid, socket }, topics, arrivals }) => work({ pid, socket, buckets: topics, arrivals }),
    ),
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

const cell = (costs: readonly Cost[], missing: string | undefined): readonly string[] => {
  const text = (value: number): string => value.toFixed(2);
  const middle = middleOf(costs);
  if (!middle) return [missing ?? 'no run', ''];
  return [
    text(middle.cpuMicros),
    minToMax(
      costs.map(({ cpuMicros }) => cpuMicros),
      text,
    ),
  ];
};

const INTRODUCTION = `## The limit

What of a message's cost nobody who moves its bytes gets around: beside the daemon, in the same run, a bare program on Node that reads the same bytes from a UNIX
socket (4 connections, writes of 64 KB), copies them into batches of 1 MB, compresses those with snappy in the loop, checksums what comes out and writes it to a TCP port
of this machine, which throws it away and answers. It knows no frames, makes no records and asks no broker: what the daemon takes more is the cost of all that.`;

/** One subject at one size. */
interface Case {
  readonly subject: Subject;
  readonly size: (typeof SIZES)[number];
}

const measureCase = (place: Place, { subject, size: { messageBytes, messages } }: Case): Promise<Cost> =>
  subject.measure(place, ({ pid, arrivals, ...to }) =>
    measureCost({
      ...{ pid, arrivals },
      traffic: bulkTraffic(to, { messageBytes }),
      warmUp: (place.scale * messages) / 5,
      messages: place.scale * messages,
    }),
  );

/** Measures and prints it, all in turn. */
export const measureLimit = async (place: Place, runs: number): Promise<Section> => {
  const cases = SIZES.flatMap((size) => SUBJECTS.map((subject): Case => ({ subject, size })));
  const measured = await inTurn(cases, runs, (each) => measureCase(place, each));
  const rows = SUBJECTS.map((subject) => {
    const own = measured.filter(({ one }) => one.subject === subject);
    return [subject.name, ...own.flatMap(({ runs: costs, missing }) => cell(costs, missing))];
  });
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
