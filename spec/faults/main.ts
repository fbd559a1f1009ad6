/** `npm run test:faults`: all cases, or those that are named; see docs/decisions/0010-fault-suite.md. */
import { randomInt } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { KCAT, missingForBroker, missingTools } from '../support/kafka';
import { CASES } from './cases';
import type { FaultCase } from './faultCase';
import { page, pageAgain, RELIABILITY_PAGE, rowLine, tableText } from './report';
import { runCases, type Ran } from './runner';

const USAGE = `npm run test:faults -- [NAME...] [--list] [--seed N] [--soak MINUTES] [--jobs N] [--logs FOLDER] [--write]

  NAME      cases to run; default: all, which also writes ${RELIABILITY_PAGE}
  --list    shows the cases
  --seed    of what is random; default: a new one, which is printed
  --soak    how long the soak lasts, default 3
  --jobs    cases at once, default 1: quicker, and with more noise in the times
  --logs    a folder for what the daemons say
  --write   puts the rows of the cases that ran into ${RELIABILITY_PAGE}, in place of what they were
`;

const MAX_SEED = 2 ** 31;

const say = (text: string): void => void process.stdout.write(`${text}\n`);

const wantedOf = (names: readonly string[]): readonly FaultCase[] => {
  const unknown = names.filter((name) => !CASES.some((each) => each.name === name));
  if (unknown.length > 0) throw new Error(`no such case: ${unknown.join(', ')}; --list shows them`);
  return names.length === 0 ? CASES : CASES.filter(({ name }) => names.includes(name));
};

const numberOf = (option: string, text: string): number => {
  const number = Number(text);
  if (!(number >= 0)) throw new Error(`--${option}: expected a number, got ${text}`);
  return number;
};

const listed = (): string =>
  CASES.map(
    ({ number, name, title, quick }) =>
      `${String(number).padStart(3)}  ${name.padEnd(32)}${quick ? 'quick  ' : '       '}${title}`,
  ).join('\n');

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      list: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      write: { type: 'boolean' },
      logs: { type: 'string' },
      seed: { type: 'string' },
      soak: { type: 'string', default: '3' },
      jobs: { type: 'string', default: '1' },
    },
  });
  if (values.help || values.list) {
    say(values.help ? USAGE : listed());
    return 0;
  }
  const wanted = wantedOf(positionals);
  const missing = [...missingTools([KCAT]), ...missingForBroker()];
  if (missing.length > 0) {
    say(
      `The fault suite needs ${missing.map(({ name }) => name).join(', ')}; on Debian: apt-get install ${missing.map(({ debianPackage }) => debianPackage).join(' ')}`,
    );
    return 1;
  }
  const seed = values.seed === undefined ? randomInt(MAX_SEED) : numberOf('seed', values.seed);
  say(`seed ${seed}\n`);
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort());
  const options = {
    stop: stopping.signal,
    seed,
    soakMs: numberOf('soak', values.soak) * 60_000,
    logs: values.logs,
    jobs: Math.max(1, numberOf('jobs', values.jobs)),
    say,
  };
  const ran = await runCases(wanted, options, (one: Ran) => say(rowLine(one)));
  say(`\n${tableText(ran)}`);
  if (ran.length === CASES.length) writeFileSync(RELIABILITY_PAGE, page(ran, seed, options.jobs));
  else if (values.write) writeFileSync(RELIABILITY_PAGE, pageAgain(readFileSync(RELIABILITY_PAGE, 'utf8'), ran, seed));
  const broken = ran.filter(({ result }) => result.violations.length > 0);
  say(
    `\n${ran.length - broken.length} of ${ran.length} cases hold${broken.length > 0 ? `; broken: ${broken.map(({ faultCase }) => faultCase.name).join(', ')}; seed ${seed}` : ''}`,
  );
  return broken.length > 0 || ran.length < wanted.length ? 1 : 0;
};

main().then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    say(error instanceof Error ? error.message : String(error));
    process.exitCode = 64;
  },
);
