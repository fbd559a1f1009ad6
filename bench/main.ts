/**
 * `npm run bench [-- --shape NAME[,NAME] --runs N --messages N --subject NAME[,NAME] --keys --codecs]`: what a message costs, beside
 * its peers, in one run. Against the broker at KAFKA_BROKERS if set, else one that is started for it.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { startBroker } from '../spec/support/kafka';
import { codecs } from './codecs';
import { journaled, kahets } from './kahets';
import { kcat } from './kcat';
import { latencyReport, measureLatency } from './latency';
import { report } from './report';
import { rsyslog } from './rsyslog';
import { LATENCY, SHAPES, type Shape } from './shapes';
import { asSubject, type Run, type Subject } from './subject';
import { createTopics, deleteTopics } from './topics';

const SERVERS = [kahets, rsyslog];
const SUBJECTS = [
  asSubject(kahets),
  ...[kcat, asSubject(rsyslog)].map((peer): Subject => ({
    ...peer,
    takes: (shape) => shape.journal !== true && peer.takes(shape),
  })),
  { ...asSubject(journaled), takes: (shape: Shape) => shape.journal === true },
];
/** Names of one length. */
const DIGITS = 3;

const { values: options } = parseArgs({
  options: {
    shape: { type: 'string' },
    subject: { type: 'string' },
    runs: { type: 'string', default: '3' },
    messages: { type: 'string' },
    keys: { type: 'boolean', default: false },
    codecs: { type: 'boolean', default: false },
  },
});

const asked = (names: string | undefined, ...own: readonly (string | undefined)[]): boolean =>
  names === undefined || names.split(',').some((name) => own.includes(name));

const chosen = <A extends { readonly name: string }>(all: readonly A[]): readonly A[] =>
  all.filter(({ name }) => asked(options.subject, name.split(/[ ,]/)[0]));

let runs = 0;

/** Makes the topics and the folder of one run for `measure` alone. */
const measureOnce = async <R>(shape: Shape, brokers: string, measure: (run: Run) => Promise<R>): Promise<R> => {
  runs += 1;
  const topics = Array.from(
    { length: shape.topics },
    (_, n) => `bench-${process.pid}-${runs}-${String(n).padStart(DIGITS, '0')}`,
  );
  await createTopics(brokers, topics, shape.partitions);
  const folder = await mkdtemp(path.join(tmpdir(), 'kahets-bench-'));
  try {
    return await measure({ shape, brokers, topics, folder, keys: options.keys });
  } finally {
    await rm(folder, { recursive: true, force: true });
    await deleteTopics(brokers, topics);
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
        each.missing = `failed: ${error instanceof Error ? error.message : String(error)}`;
      }
    }
  }
  return measured;
};

const withMessages = (shape: Shape): Shape =>
  options.messages === undefined ? shape : { ...shape, messages: Number(options.messages) };

const measureAll = async (brokers: string): Promise<void> => {
  for (const shape of SHAPES.filter(({ name, group }) => asked(options.shape, name, group)).map(withMessages)) {
    const subjects = chosen(SUBJECTS).filter(({ takes }) => takes(shape));
    const measured = await inTurn(subjects, ({ measure }) => measureOnce(shape, brokers, measure));
    console.log(report(shape, measured));
  }
  if (!asked(options.shape, LATENCY.name)) return;
  const shape = withMessages(LATENCY);
  const measured = await inTurn(chosen(SERVERS), (server) =>
    measureOnce(shape, brokers, (run) => measureLatency(server, run)),
  );
  console.log(latencyReport({ shape }, measured));
};

const main = async (): Promise<void> => {
  const machine = `Node ${process.version}, ${cpus().length} cores (${cpus()[0]?.model ?? 'unknown'})`;
  if (options.codecs) {
    console.log(`${machine}\n${await codecs()}`);
    return;
  }
  const given = process.env['KAFKA_BROKERS'];
  const broker = given === undefined ? await startBroker({ heap: '1g' }) : undefined;
  try {
    console.log(`${machine}, median of ${options.runs}`);
    await measureAll(given ?? broker?.address ?? '');
  } finally {
    await broker?.remove();
  }
};

// What was started ends with us: the handlers of 'exit' see to it.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130));
void main();
