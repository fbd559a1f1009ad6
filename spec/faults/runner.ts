/** Runs cases, each in a process group of its own that is ended when the case has ended or takes too long. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import type { ChildOptions, FromChild } from './childCase';
import { startFaultBroker, type FaultBroker, type OwnFaultBroker } from './faultBroker';
import { emptyResult, type FaultCase, type FaultResult } from './faultCase';

const CHILD = path.join(__dirname, 'childCase.ts');
/** What a case may take to clean up when its time is over. */
const CLEAN_UP_MS = 15_000;
/** What the first case that needs it waits for, beyond its own time. */
const BROKER_MS = 60_000;

export interface Ran {
  readonly faultCase: FaultCase;
  readonly result: FaultResult;
  readonly seconds: number;
}

export interface RunOptions {
  readonly seed: number;
  readonly soakMs: number;
  readonly logs: string | undefined;
  readonly say: (text: string) => void;
  /** Cases at once, each with a broker of its own where it needs one. */
  readonly jobs: number;
  /** Ends the cases that run, in order, and leaves out the others. */
  readonly stop: AbortSignal;
}

const killGroup = (child: ChildProcess): void => {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
  } catch {
    // It is gone, with all that it started.
  }
};

const runCase = async (
  faultCase: FaultCase,
  { seed, soakMs, logs, say, stop }: RunOptions,
  broker: () => Promise<FaultBroker>,
): Promise<FaultResult> => {
  const told: ChildOptions = { name: faultCase.name, seed, soakMs, logs };
  const child = spawn(process.execPath, ['-r', 'ts-node/register/transpile-only', CHILD, JSON.stringify(told)], {
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const abandon = (): void => killGroup(child);
  process.once('exit', abandon);
  let result: FaultResult | undefined;
  child.on('message', (message) => {
    const from = message as FromChild;
    if ('result' in from) result = from.result;
    else if ('say' in from) say(`     ${from.say}`);
    else
      broker().then(
        ({ address, frontPort, behind }) => child.send({ address, frontPort, behind }),
        (error: unknown) => {
          say(String(error));
          child.kill('SIGTERM');
        },
      );
  });
  // A soak takes as long as it is told to, and then what any case takes.
  const limitMs = faultCase.limitS * 1000 + soakMsOf(faultCase, soakMs);
  const end = (): void => {
    child.kill('SIGTERM');
    setTimeout(abandon, CLEAN_UP_MS).unref();
  };
  const limit = setTimeout(end, limitMs + BROKER_MS);
  stop.addEventListener('abort', end);
  const [code] = (await once(child, 'exit')) as [number | null];
  clearTimeout(limit);
  stop.removeEventListener('abort', end);
  abandon();
  process.off('exit', abandon);
  const over = `it did not end in ${limitMs / 1000} s`;
  return (
    result ?? { ...emptyResult(), violations: [code === 1 ? over : `its process ended with ${code ?? 'a signal'}`] }
  );
};

const soakMsOf = ({ name }: FaultCase, soakMs: number): number => (name === 'soak' ? soakMs : 0);

/** Runs what is left of the cases, one after the other, with one broker for all of them. */
const runLane = async (left: FaultCase[], options: RunOptions, ended: (ran: Ran) => void): Promise<void> => {
  let starting: Promise<OwnFaultBroker> | undefined;
  const broker = (): Promise<FaultBroker> => (starting ??= startFaultBroker());
  try {
    for (let next = left.shift(); next && !options.stop.aborted; next = left.shift()) {
      const startMs = performance.now();
      const result = await runCase(next, options, broker);
      ended({ faultCase: next, result, seconds: (performance.now() - startMs) / 1000 });
    }
  } finally {
    await starting?.then(({ node }) => node.remove());
  }
};

/** Runs them; `ended` is called after each. What they did, in the order of the cases. */
export const runCases = async (
  cases: readonly FaultCase[],
  options: RunOptions,
  ended: (ran: Ran) => void,
): Promise<readonly Ran[]> => {
  const left = [...cases];
  const all: Ran[] = [];
  const note = (ran: Ran): void => {
    all.push(ran);
    ended(ran);
  };
  await Promise.all(Array.from({ length: options.jobs }, () => runLane(left, options, note)));
  return all.sort((one, other) => cases.indexOf(one.faultCase) - cases.indexOf(other.faultCase));
};
