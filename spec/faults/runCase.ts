/** Runs one case in this process, and cleans up after it however it ends. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { endDaemons } from '../support/daemon';
import { emptyResult, type FaultCase, type FaultContext, type FaultResult } from './faultCase';
import { judge } from './judge';
import { randomFrom } from '../support/random';

export type CaseOptions = Pick<FaultContext, 'seed' | 'soakMs' | 'logs' | 'say' | 'broker'>;

export interface RunningCase {
  /** Judged; a case that throws has failed. Everything is cleaned up by then. */
  readonly ended: Promise<FaultResult>;
  /** Cleans up at once. */
  readonly cleanUp: () => Promise<void>;
}

const textOf = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

export const startCase = (faultCase: FaultCase, options: CaseOptions): RunningCase => {
  const undoes: (() => Promise<void> | void)[] = [];
  const failures: string[] = [];
  const cleanUp = async (): Promise<void> => {
    await endDaemons();
    for (let undo = undoes.pop(); undo; undo = undoes.pop()) {
      try {
        await undo();
      } catch (error) {
        failures.push(`could not be undone: ${textOf(error)}`);
      }
    }
  };
  const run = async (): Promise<FaultResult> => {
    const folder = await mkdtemp(path.join(tmpdir(), 'kahets-fault-'));
    const context: FaultContext = {
      ...options,
      folder,
      random: randomFrom(options.seed),
      atEnd: (undo) => void undoes.push(undo),
    };
    context.atEnd(() => rm(folder, { recursive: true, force: true }));
    try {
      return judge(faultCase, await faultCase.run(context));
    } catch (error) {
      return { ...emptyResult(), violations: [textOf(error)] };
    }
  };
  const ended = run().then(async (result) => {
    await cleanUp();
    return { ...result, violations: [...result.violations, ...failures] };
  });
  return { ended, cleanUp };
};
