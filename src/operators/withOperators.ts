import { defer, finalize, forkJoin, map, of } from 'rxjs';
import {
  emptyOutcome,
  type Batch,
  type Cause,
  type Deliver,
  type Held,
  type Outcome,
  type StreamOptions,
} from '../model';
import { passBatch } from './passBatch';
import type { NamedOperator } from './runOperators';

export interface WithOperatorsOptions {
  /** Its id, for what is left out. */
  readonly stream: string;
  /** Charged with what operators make anew, until its outcome. */
  readonly held: Pick<Held, 'charge' | 'release'>;
  /** What becomes of a key of length 0 that came in a version 1 frame. */
  readonly emptyKey: StreamOptions['emptyKey'];
  /** Takes what they failed at, as it came. */
  readonly refused: (cause: Cause) => Deliver;
}

/**
 * Sends each message through operators of the user's, in one pass, before it is delivered: what they leave out is counted as
 * sampled out, what they fail at is refused, and a message of another bucket goes there in a batch of its own. The outcome is
 * that of the whole batch.
 *
 *     batch     abcd                   b is left out, c gets another bucket, d makes it throw
 *                                      withOperators([one])
 *     deliver   a--|  c-----|
 *     refused   d---|
 *     result    ------(o|)
 *
 * The order of each bucket is that in which its messages came. Where all are as they were, the batch itself is delivered.
 */
export const withOperators =
  ({ stream, held, emptyKey, refused }: WithOperatorsOptions) =>
  (operators: readonly NamedOperator[]) =>
  (deliver: Deliver): Deliver =>
    operators.length === 0
      ? deliver
      : (batch) =>
          defer(() => {
            const passed = passBatch(batch, operators, emptyKey);
            const { parts, leftOut, newBytes } = passed;
            if (parts[0] === batch) return deliver(batch);
            const ways = parts.map((part) => deliver(part));
            if (passed.refused)
              ways.push(refused({ kind: 'poison', message: passed.refused.cause })(passed.refused.part));
            const first: Outcome = { ...emptyOutcome(stream, batch), sampledOut: leftOut };
            if (ways.length === 0) return of(first);
            held.charge(newBytes);
            return forkJoin(ways).pipe(
              map((outcomes) => outcomes.reduce(together, first)),
              finalize(() => held.release(newBytes)),
            );
          });

/** What lies in a backup under another name is found there by that name. */
const lyingIn = (batch: Batch, { batch: part, backedUp, backedUpAs }: Outcome): ReadonlyMap<string, number> =>
  backedUp > 0 && part.bucket !== batch.bucket ? new Map([[part.bucket, backedUp]]) : (backedUpAs ?? new Map());

/** The outcome of a part added to that of its whole. */
const together = (whole: Outcome, part: Outcome): Outcome => {
  const backedUpAs = new Map([...(whole.backedUpAs ?? []), ...lyingIn(whole.batch, part)]);
  const settledMs = Math.max(whole.settledMs ?? -Infinity, part.settledMs ?? -Infinity);
  return {
    ...whole,
    delivered: whole.delivered + part.delivered,
    backedUp: whole.backedUp + part.backedUp,
    deadLettered: whole.deadLettered + part.deadLettered,
    dropped: [...whole.dropped, ...part.dropped],
    sampledOut: whole.sampledOut + part.sampledOut,
    duplicatesPossible: whole.duplicatesPossible + part.duplicatesPossible,
    ...(backedUpAs.size > 0 && { backedUpAs }),
    ...(settledMs > -Infinity && { settledMs }),
  };
};
