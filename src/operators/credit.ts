import { tap, type MonoTypeOperatorFunction } from 'rxjs';
import type { Env, Outcome, Settled, Status } from '../model';

const statusOf = ({ dropped, backedUp, deadLettered }: Outcome): Status =>
  dropped.length > 0 ? 2 : backedUp + deadLettered > 0 ? 1 : 0;

/** Whether all streams have delivered all of it for certain: then no write reads any of it, not even one that hangs. */
const isDone = ({ batch, outcomes }: Settled): boolean =>
  outcomes.every(
    ({ delivered, sampledOut, duplicatesPossible }) =>
      delivered + sampledOut === batch.count && duplicatesPossible === 0,
  );

/**
 * Gives back what a settled batch held: its outcomes to the ledger, its bytes to the memory's credit, its messages to
 * their connections, whose clients may be answered for it, and last its blocks, which may be written to at once. What was
 * dropped is logged. Nothing else does any of this.
 */
export const credit = ({
  blocks,
  held,
  ledger,
  log,
}: Pick<Env, 'blocks' | 'held' | 'ledger' | 'log'>): MonoTypeOperatorFunction<Settled> =>
  tap((settled) => {
    const { batch, outcomes } = settled;
    const worst = outcomes.reduce<Status>((status, outcome) => Math.max(status, statusOf(outcome)) as Status, 0);
    ledger.settled(settled);
    for (const { stream, dropped } of outcomes)
      for (const { reason, count } of dropped)
        log.error('messages dropped', { bucket: batch.bucket, stream, reason, count });
    held.release(batch.bytes);
    for (const { origin, count } of batch.debts ?? batch.frames) {
      origin.open -= count;
      if (worst > origin.worst) origin.worst = worst;
      if (origin.open === 0) origin.settled?.();
    }
    if (isDone(settled)) batch.blocks?.forEach(blocks.giveBack);
  });
