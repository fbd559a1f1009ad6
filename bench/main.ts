/**
 * `npm run bench [-- --shape NAME[,NAME] --runs N --messages N --subject NAME[,NAME] --keys --write --codecs]`: what a message
 * costs, beside its peers, in one run; `--write` puts it into docs/PERFORMANCE.md. Against the broker at KAFKA_BROKERS if set,
 * else one that is started for it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startBroker } from '../spec/support/kafka';
import { cat } from './cat';
import { codecs } from './codecs';
import { journaled, kahets, ofCpus, oneBucket, sliced } from './kahets';
import { kcat } from './kcat';
import { latencyMarkdown, latencyReport, measureLatency } from './latency';
import { machine } from './machine';
import { writeSections, type Section } from './page';
import { latencySection, shapeSection, summarySection, wordsAround } from './performance';
import { report } from './report';
import { rsyslog } from './rsyslog';
import { LATENCY, SHAPES, type Shape, type SubjectName } from './shapes';
import { asSubject, type Run, type Server } from './subject';
import { syslogNg } from './syslogNg';
import { createTopics, deleteTopics } from './topics';

const SERVERS: readonly Server[] = [kahets, rsyslog, syslogNg];
const SUBJECTS = [...[...SERVERS, journaled, oneBucket, sliced, ...ofCpus].map(asSubject), kcat, cat];
/** Names of one length. */
const DIGITS = 4;

const { values: options } = parseArgs({
  options: {
    shape: { type: 'string' },
    subject: { type: 'string' },
    runs: { type: 'string', default: '3' },
    messages: { type: 'string' },
    keys: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
    codecs: { type: 'boolean', default: false },
  },
});

const asked = (names: string | undefined, ...own: readonly string[]): boolean =>
  names === undefined || names.split(',').some((name) => own.includes(name));

/** Those of `all` that the shape names and that are asked for, in the shape's order. */
const chosen = <A extends { readonly name: string }>(all: readonly A[], names: readonly SubjectName[]): readonly A[] =>
  names
    .filter((name) => asked(options.subject, name))
    .flatMap((name) => all.filter((each) => each.name.split(/[ ,]/)[0] === name));

let runs = 0;

/** Makes the topics and the folder of one run for `measure` alone. */
const measureOnce = async <R>(shape: Shape, brokers: string, measure: (run: Run) => Promise<R>): Promise<R> => {
  runs += 1;
  const topics = Array.from(
    { length: shape.topics },
    (_, n) => `bench-${process.pid}-${runs}-${String(n).padStart(DIGITS, '0')}`,
  );
  const made = shape.to === 'file' ? [] : topics;
  await createTopics(brokers, made, shape.partitions);
  const folder = await mkdtemp(path.join(tmpdir(), 'kahets-bench-'));
  try {
    return await measure({ shape, brokers, topics, folder, keys: options.keys });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await deleteTopics(brokers, made);
  }
};

interface Measured<R> {
  readonly name: string;
  missing: string | undefined;
  readonly runs: R[];
}

/** Every one in turn, again and again, so that what else the machine does falls on all of them. */
const inTurn = async <S extends { readonly name: string; readonly missing: () => string | undefined }, R>(
  all: readonly S[],
  measure: (one: S) => Promise<R>,
): Promise<readonly Measured<R>[]> => {
  const measured = all.map((one) => ({ one, name: one.name, missing: one.missing(), runs: [] as R[] }));
  for (let run = 0; run < Number(options.runs); run += 1) {
    for (const each of measured) {
      if (each.missing !== undefined) continue;
      try {
        each.runs.push(await measure(each.one));
      } catch (error) {
        each.missing = `failed: ${(error instanceof Error ? error.message : String(error)).split('\n')[0] ?? ''}`;
      }
    }
  }
  return measured;
};

const withMessages = (shape: Shape): Shape =>
  options.messages === undefined ? shape : { ...shape, messages: Number(options.messages) };

const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`.replace(/ -- $/, '');

const measureShape = async (shape: Shape, brokers: string): Promise<readonly Section[]> => {
  const subjects = chosen(SUBJECTS, shape.subjects);
  const measured = await inTurn(subjects, ({ measure }) => measureOnce(shape, brokers, measure));
  console.log(report(shape, measured));
  const section = shapeSection(shape, measured, command);
  return shape.group === 'loop' ? [section] : [section, summarySection(shape, measured)];
};

const measureLateness = async (shape: Shape, brokers: string): Promise<readonly Section[]> => {
  const measured = await inTurn(chosen(SERVERS, shape.subjects), (server) =>
    measureOnce(shape, brokers, (run) => measureLatency(server, run)),
  );
  console.log(latencyReport(shape, measured));
  return [latencySection(shape, latencyMarkdown(shape, measured), command)];
};

/** Each shape is written when it has been measured, so that an end in between leaves what has been. */
const measureAll = async (brokers: string): Promise<void> => {
  for (const shape of [...SHAPES, LATENCY].filter(({ name, group }) => asked(options.shape, name, group))) {
    const measure = shape.name === LATENCY.name ? measureLateness : measureShape;
    const sections = await measure(withMessages(shape), brokers);
    if (options.write) await writeSections([...wordsAround(shape), ...sections]);
  }
};

const main = async (): Promise<void> => {
  if (options.codecs) {
    console.log(`${machine()}\n${await codecs()}`);
    return;
  }
  if (options.write && options.subject !== undefined)
    throw new Error('--write puts all subjects beside each other on the page: leave --subject away');
  const given = process.env['KAFKA_BROKERS'];
  const broker = given === undefined ? await startBroker({ heap: '1g' }) : undefined;
  try {
    console.log(`${machine()}, median of ${options.runs}`);
    await measureAll(given ?? broker?.address ?? '');
  } finally {
    await broker?.remove();
  }
};

// What was started ends with us: the handlers of 'exit' see to it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
void main();
