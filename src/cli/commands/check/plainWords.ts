import type { StreamPlan } from '../../../pipelines/stream/stream';
import type { BucketPlan } from '../../../pipelines/routes';
import type { Plan } from '../../../pipelines/topology';
import { sizeText } from '../../../sinks/codecs';
import { countText, messagesText, shareText } from '../../texts';

/** 1500 → `1.5 s`. */
const timeText = (ms: number): string => (ms < 1000 ? `${ms} ms` : `${countText(ms / 1000)} s`);

const streamShare = ({ config: { id, slice } }: StreamPlan): string =>
  slice === 1 ? id : slice === 0 ? `${id} (none: slice is 0)` : `${id} (${shareText(slice)} of them, drawn at random)`;

const listed = (texts: readonly string[]): string => texts.join(', ');

const batchesText = ({ limits: { count, bytes, ms } }: BucketPlan): string =>
  `A batch closes at ${messagesText(count)}, at ${countText(bytes)} bytes, or ${timeText(ms)} after its first message.`;

const FULL = {
  block: 'While memory is full its clients wait; nothing is dropped.',
  drop: 'While memory is full its messages are dropped and counted; its clients never wait.',
};

const DURABILITY = {
  memory: 'What is accepted is in memory until it is delivered: a kill -9 or a power cut loses it.',
  journal: 'What is accepted is on disk at once, in the journal, until it is delivered.',
};

/** What messages pass before the stream. */
const operatorLines = (operators: StreamPlan['operators'], before = 'each stream'): readonly string[] =>
  operators.length === 0
    ? []
    : [`  On the way into ${before} each message passes ${operators.map(({ module }) => module).join(', then ')}.`];

const bucketLines = (title: string, plan: BucketPlan, streams: readonly StreamPlan[]): readonly string[] => {
  const { config } = plan;
  const own = streams.filter(({ config: { id } }) => config.streams.includes(id));
  return [
    title,
    `  Every message goes to ${own.length === 1 ? 'the stream' : `${own.length} streams:`} ${listed(own.map(streamShare))}.`,
    ...operatorLines(plan.operators),
    `  ${batchesText(plan)}`,
    `  ${FULL[config.whenFull]}`,
    `  ${DURABILITY[config.durability]}`,
  ];
};

/** A sink as people call it. */
const whereOf = (type: string, where: string | undefined): string => where ?? `a sink of the type ${type}`;

const replayText = ({ replay, replayRate }: NonNullable<StreamPlan['config']['backup']>): string => {
  if (replay === false) return 'It stays there: kahets replay sends it on by hand.';
  return replay === 'ordered'
    ? 'It is sent on before what is live when the stream works again, so that each bucket keeps its order.'
    : `It is sent on beside what is live when the stream works again, for at most ${shareText(replayRate)} of the time.`;
};

const backupLines = ({ config, backup }: StreamPlan): readonly string[] => {
  const { afterMs, retryMs } = config.failover;
  if (!config.backup) return ['  Without a backup its messages wait in memory while it fails.'];
  return [
    `  When nothing is acknowledged for ${timeText(afterMs)} (out of reach: 2 s), messages go to the backup: ${whereOf(config.backup.type, backup?.where)}.`,
    `  ${replayText(config.backup)} The stream is tried again every ${timeText(retryMs)}.`,
  ];
};

const deadLetterLine = ({ config, deadLetter }: StreamPlan): string =>
  deadLetter
    ? `  What it never takes goes to dead letters: ${whereOf(config.deadLetter?.type ?? 'file', deadLetter.where)}.`
    : '  What it never takes (too large, say) is dropped and counted: there is no deadLetter.';

const deadlineLines = ({ primary: { deadlineMs }, backup }: StreamPlan): readonly string[] =>
  deadlineMs === undefined || backup
    ? []
    : [`  A message is given up after ${timeText(deadlineMs)} (message.timeout.ms).`];

const streamLines = (plan: StreamPlan): readonly string[] => [
  `stream ${plan.config.id}: ${whereOf(plan.config.type, plan.primary.where)}`,
  ...operatorLines(plan.operators, 'it'),
  ...backupLines(plan),
  ...deadlineLines(plan),
  deadLetterLine(plan),
];

/** What becomes of the messages of each bucket, for people. */
export const planLines = ({ buckets, defaultBucket, streams }: Plan, maxMemoryBytes: number): readonly string[] => [
  ...buckets.flatMap((plan) => [...bucketLines(`bucket ${plan.config.id}`, plan, streams), '']),
  ...(defaultBucket
    ? [...bucketLines('any other bucket, under the name that its messages carry', defaultBucket, streams), '']
    : ['Messages of any other bucket are refused and counted: there is no defaultBucket.', '']),
  ...streams.flatMap((plan) => [...streamLines(plan), '']),
  `The process takes at most ${sizeText(maxMemoryBytes)} of memory (MAXMEMORY).`,
];
