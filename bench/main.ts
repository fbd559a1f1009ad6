/**
 * `npm run bench [-- --shape NAME[,NAME] --runs N --messages N --subject NAME[,NAME] --keys]`: what a message costs, beside its peers, in one run.
 * Against the broker at KAFKA_BROKERS if set, else one that is started for it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startBroker } from '../spec/support/kafka';
import { createTopic, deleteTopic } from '../spec/support/topics';
import { kahets } from './kahets';
import { kcat } from './kcat';
import { report, type Measured } from './report';
import { rsyslog } from './rsyslog';
import { SHAPES, type Shape } from './shapes';
import type { Result, Subject } from './subject';

const SUBJECTS: readonly Subject[] = [kahets, kcat, rsyslog];

const { values: options } = parseArgs({
  options: {
    shape: { type: 'string' },
    subject: { type: 'string' },
    runs: { type: 'string', default: '3' },
    messages: { type: 'string' },
    keys: { type: 'boolean', default: false },
  },
});

const chosen = <A extends { readonly name: string }>(all: readonly A[], names: string | undefined): readonly A[] =>
  names === undefined ? all : all.filter(({ name }) => names.split(',').includes(name.split(/[ ,]/)[0] ?? name));

let topics = 0;

const measureOnce = async (subject: Subject, shape: Shape, brokers: string): Promise<Result> => {
  topics += 1;
  const topic = `bench-${process.pid}-${topics}`;
  await createTopic(brokers, topic, 3);
  const folder = await mkdtemp(path.join(tmpdir(), 'kahets-bench-'));
  try {
    return await subject.measure({ shape, brokers, topic, folder, keys: options.keys });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await deleteTopic(brokers, topic);
  }
};

/** Every subject in turn, again and again, so that what else the machine does falls on all of them. */
const measureShape = async (
  shape: Shape,
  subjects: readonly Subject[],
  runs: number,
  brokers: string,
): Promise<readonly Measured[]> => {
  const measured = subjects
    .filter(({ takes }) => takes(shape))
    .map((subject) => ({ name: subject.name, subject, missing: subject.missing(), results: [] as Result[] }));
  for (let run = 0; run < runs; run += 1) {
    for (const { subject, missing, results } of measured) {
      if (missing !== undefined) continue;
      results.push(await measureOnce(subject, shape, brokers));
    }
  }
  return measured;
};

const main = async (): Promise<void> => {
  const shapes = chosen(SHAPES, options.shape).map((shape) =>
    options.messages === undefined ? shape : { ...shape, messages: Number(options.messages) },
  );
  const subjects = chosen(SUBJECTS, options.subject);
  const given = process.env['KAFKA_BROKERS'];
  const broker = given === undefined ? await startBroker({ heap: '1g' }) : undefined;
  try {
    console.log(
      `Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'}), median of ${options.runs}`,
    );
    for (const shape of shapes) {
      console.log(
        report(shape, await measureShape(shape, subjects, Number(options.runs), given ?? broker?.address ?? '')),
      );
    }
  } finally {
    await broker?.remove();
  }
};

// What was started ends with us: the handlers of 'exit' see to it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
void main();
