import { hostname } from 'node:os';
import { asyncScheduler } from 'rxjs';
import type { Env } from '../model';
import { createBlocks } from '../operators/blocks';
import { createLedger } from './ledger';
import { createSlots } from './slots';

export interface EnvParts extends Pick<Env, 'log' | 'held' | 'unsettled' | 'maxBuckets'> {
  /** Cores, one of them the event loop's. */
  readonly maxCpus: number;
}

/** What pipelines and sinks take from outside, as it is outside of tests. */
export const createEnv = ({ maxCpus, ...parts }: EnvParts): Env => ({
  ...parts,
  name: 'kahets',
  hostname: hostname(),
  scheduler: asyncScheduler,
  now: Date.now,
  random: Math.random,
  ledger: createLedger(),
  compressions: createSlots(maxCpus - 1),
  // Reading goes on when half of what may be held has settled.
  blocks: createBlocks(parts.held.high / 2),
});
