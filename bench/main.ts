/**
 * `npm run bench [-- --shape NAME[,NAME] --runs N --messages N --subject NAME[,NAME] --keys --write --codecs]`: what a message
 * costs, beside its peers, in one run; `--write` puts it into docs/PERFORMANCE.md. Against the broker at KAFKA_BROKERS if set,
 * else one that is started for it.
 */
import { parseArgs } from 'node:util';
import { startBroker } from '../spec/support/kafka';
import { cat } from './cat';
import { codecs } from './codecs';
import { expectKnown, positive, runCommand } from './command';
import { inTurn } from './inTurn';
import { journaled, kahets, ofCpus, oneBucket, sliced } from './kahets';
import { kcat } from './kcat';
import { latencyMarkdown, latencyReport, measureLatency, type Lateness } from './latency';
import { machine } from './machine';
import { writeSections, type Section } from './page';
import { latencySection, shapeSection, summarySection, wordsAround } from './performance';
import { measureOnce } from './places';
import { firstWord, report } from './report';
import { rsyslog } from './rsyslog';
import type { Shape, SubjectName } from './shape';
import { ALL_SHAPES, LATENCY } from './shapes';
import { asSubject, type Result, type Server, type Subject } from './subject';
import { syslogNg } from './syslogNg';

const SERVERS: readonly Server[] = [kahets, rsyslog, syslogNg];
const SUBJECTS = [...[...SERVERS, journaled, oneBucket, sliced, ...ofCpus].map(asSubject), kcat, cat];

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
    .flatMap((name) => all.filter((each) => firstWord(each.name) === name));

const withMessages = (shape: Shape): Shape =>
  options.messages === undefined ? shape : { ...shape, messages: positive('messages', options.messages) };

const command = `npm run bench -- ${process.argv.slice(2).join(' ')}`.replace(/ -- $/, '');

const whyMissing = ({ missing }: Pick<Subject, 'missing'>): string | undefined => missing();

const measureShape = async (shape: Shape, brokers: string, times: number): Promise<readonly Section[]> => {
  const subjects = chosen(SUBJECTS, shape.subjects);
  const measure = ({ measure: one }: Subject): Promise<Result> => measureOnce(shape, brokers, one, options.keys);
  const measured = await inTurn(subjects, times, measure, whyMissing);
  console.log(report(shape, measured));
  const section = shapeSection(shape, measured, command);
  return shape.group === 'loop' ? [section] : [section, summarySection(shape, measured)];
};

const measureLateness = async (shape: Shape, brokers: string, times: number): Promise<readonly Section[]> => {
  const measure = (server: Server): Promise<Lateness> =>
    measureOnce(shape, brokers, (run) => measureLatency(server, run), options.keys);
  const measured = await inTurn(chosen(SERVERS, shape.subjects), times, measure, whyMissing);
  console.log(latencyReport(shape, measured));
  return [latencySection(shape, latencyMarkdown(shape, measured), command)];
};

/** Each shape is written when it has been measured, so that an end in between leaves what has been. */
const measureAll = async (brokers: string, times: number): Promise<void> => {
  for (const shape of ALL_SHAPES.filter(({ name, group }) => asked(options.shape, name, group))) {
    const measure = shape.name === LATENCY.name ? measureLateness : measureShape;
    const sections = await measure(withMessages(shape), brokers, times);
    if (options.write) await writeSections([...wordsAround(shape), ...sections]);
  }
};

const main = async (): Promise<void> => {
  if (options.codecs) {
    console.log(`${machine()}\n${await codecs()}`);
    return;
  }
  expectKnown(options.shape?.split(',') ?? [], [...new Set(ALL_SHAPES.flatMap(({ name, group }) => [group, name]))]);
  expectKnown(
    options.subject?.split(',') ?? [],
    SUBJECTS.map(({ name }) => firstWord(name)),
  );
  if (options.write && [options.subject, options.messages, options.keys].some(Boolean))
    throw new Error('--write puts whole shapes on the page: leave --subject, --messages and --keys away');
  const times = positive('runs', options.runs);
  const given = process.env['KAFKA_BROKERS'];
  const broker = given === undefined ? await startBroker({ heap: '1g' }) : undefined;
  try {
    console.log(`${machine()}, median of ${times}`);
    await measureAll(given ?? broker?.address ?? '', times);
  } finally {
    await broker?.remove();
  }
};

runCommand(main);
