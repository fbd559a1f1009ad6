/** What the figures of a case say of its invariants. */
import type { FaultCase, FaultResult, Invariant } from './faultCase';

/** Beyond the interval at which the daemon tries a stream again: what Kafka itself takes to answer and to elect. */
const RETURN_LIMIT_S = 30;
/** The scheduler of a busy machine may keep a client waiting, whatever the daemon does. */
const SCHEDULING_MS = 1000;
/** Connections and files that come and go by themselves. */
const DESCRIPTORS_SLACK = 8;

type Rule = (result: FaultResult) => string | false;

const RULES: Readonly<Record<Exclude<Invariant, 'I5'>, readonly Rule[]>> = {
  I1: [({ lost, allowedLost }) => lost > allowedLost && `${lost} lost, at most ${allowedLost} may be`],
  I2: [({ invented }) => invented > 0 && `${invented} arrived that nobody sent`],
  I3: [
    ({ duplicates, duplicatesPossible }) =>
      duplicates > duplicatesPossible && `${duplicates} duplicates, ${duplicatesPossible} counted as possible`,
  ],
  I4: [({ outOfOrder }) => outOfOrder > 0 && `${outOfOrder} out of order`],
  I6: [
    ({ returnS }) => returnS === undefined && 'no fresh message came back to Kafka',
    ({ returnS = 0, returnLimitS = RETURN_LIMIT_S }) =>
      returnS > returnLimitS && `${returnS.toFixed(1)} s to return, at most ${returnLimitS} expected`,
  ],
  I7: [
    ({ peakMb = 0, maxMemoryMb = Infinity }) =>
      peakMb > maxMemoryMb && `${peakMb.toFixed(0)} MB of memory, at most ${maxMemoryMb} allowed`,
    ({ descriptors = { before: 0, after: 0 } }) =>
      descriptors.after > descriptors.before + DESCRIPTORS_SLACK &&
      `${descriptors.after} descriptors at the end, ${descriptors.before} before`,
  ],
};

const waitedTooLong = ({ longestWaitMs = 0, waitLimitMs, switchS = Infinity }: FaultResult): readonly string[] => {
  const limitMs = waitLimitMs ?? switchS * 1000;
  return longestWaitMs > limitMs + SCHEDULING_MS
    ? [`a client waited ${(longestWaitMs / 1000).toFixed(1)} s, at most ${(limitMs / 1000).toFixed(1)} expected`]
    : [];
};

/** The result with all that is wrong; nothing of a case that was skipped. The ledger (I5) is judged where it is read. */
export const judge = ({ invariants }: Pick<FaultCase, 'invariants'>, result: FaultResult): FaultResult => {
  if (result.skipped !== undefined) return result;
  const broken = invariants.flatMap((invariant) =>
    invariant === 'I5'
      ? []
      : RULES[invariant].flatMap((rule) => {
          const fault = rule(result);
          return fault === false ? [] : [`${invariant}: ${fault}`];
        }),
  );
  return { ...result, violations: [...broken, ...waitedTooLong(result), ...result.violations] };
};
