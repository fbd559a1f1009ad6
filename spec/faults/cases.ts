/** All cases of the fault suite, in the order of their numbers. */
import { daemonCases } from './daemon';
import type { FaultCase } from './faultCase';
import { kafkaCases } from './kafka';

export const CASES: readonly FaultCase[] = [...kafkaCases, ...daemonCases].sort((a, b) => a.number - b.number);
