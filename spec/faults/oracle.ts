/** Looks for every message that was sent, wherever it may have ended. */
import { existsSync } from 'node:fs';
import { addFiles, Arrivals } from '../support/numbered';
import { readTopic } from '../support/kcat';
import { emptyResult, type FaultResult } from './faultCase';

export interface Places {
  /** Numbers that were sent: from `first` (default: 0) to below `next`. */
  readonly first?: number;
  readonly next: number;
  /** What has a number below this may be gone. Default: none. */
  readonly mayBeGoneBelow?: number;
  /** Where Kafka is, and the topics in it. */
  readonly address?: string;
  readonly topics?: readonly string[];
  /** Folders whose files hold frames; they need not be there. Kafka's order is told from theirs. */
  readonly folders?: readonly string[];
}

export type Found = Pick<FaultResult, 'sent' | 'lost' | 'duplicates' | 'outOfOrder' | 'invented'> & {
  readonly inKafka: number;
  readonly inFiles: number;
};

/** Not what a daemon keeps beside them: how far a file was sent on, what is no frames, who holds the folder. */
const holdsFrames = (file: string): boolean => !/(\.progress|\.bad(-\d+)?|\/owner)$/.test(file);

/** One reading for all of them. */
const each = (...all: readonly Arrivals[]): Pick<Arrivals, 'add'> => ({
  add: (key, value, lane) => {
    for (const arrivals of all) arrivals.add(key, value, lane);
  },
});

/** Where the messages are. Order is that of Kafka, or of the files where there is no topic: between the two there is none. */
export const find = async ({
  first = 0,
  next,
  mayBeGoneBelow = first,
  address = '',
  topics,
  folders = [],
}: Places): Promise<Found> => {
  const sent = next - first;
  const [kafka, files, anywhere] = [new Arrivals(sent, first), new Arrivals(sent, first), new Arrivals(sent, first)];
  const both = each(kafka, anywhere);
  for (const topic of topics ?? [])
    await readTopic(address, topic, ({ key, value, partition }) =>
      both.add(key ?? Buffer.alloc(0), value ?? Buffer.alloc(0), `${topic} ${partition}`),
    );
  for (const folder of folders) if (existsSync(folder)) await addFiles(each(files, anywhere), folder, holdsFrames);
  return {
    sent,
    lost: anywhere.missingFrom(mayBeGoneBelow),
    duplicates: anywhere.copies(),
    outOfOrder: (topics ? kafka : files).faults().outOfOrder,
    invented: anywhere.faults().damaged,
    inKafka: kafka.count(),
    inFiles: files.count(),
  };
};

/** Adds up what was found of different messages. */
export const together = (
  found: readonly Pick<Found, 'sent' | 'lost' | 'duplicates' | 'outOfOrder' | 'invented'>[],
): FaultResult =>
  found.reduce(
    (sum: FaultResult, one) => ({
      ...sum,
      sent: sum.sent + one.sent,
      lost: sum.lost + one.lost,
      duplicates: sum.duplicates + one.duplicates,
      outOfOrder: sum.outOfOrder + one.outOfOrder,
      invented: sum.invented + one.invented,
    }),
    emptyResult(),
  );
