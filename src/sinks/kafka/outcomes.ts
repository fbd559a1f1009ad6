import type { Cause } from '../../model';
import type { RequestFailure } from './cluster';
import type { Partition } from './partition';
import type { ProducerBatch } from './producerBatch';
import type { PartitionAnswer } from './requests';
import { backoffMs, type Backoff, type Timers } from './timers';
import type { TopicTroubles } from './topicTroubles';
import { verdictOf } from './verdict';

export interface OutcomesOptions {
  /** Attempts after the first. */
  readonly retries: number;
  readonly retry: Backoff;
  readonly timers: Timers;
  readonly troubles: TopicTroubles;
  /** The next attempt may be made. */
  readonly onRested: (partition: Partition) => void;
  /** Somebody else may lead the partition now. */
  readonly onMoved: (partition: Partition) => void;
}

/** Acts on what became of a record batch that was sent, for its partition alone. */
export class Outcomes {
  constructor(private readonly options: OutcomesOptions) {}

  /** The broker has answered. */
  onAnswer(partition: Partition, batch: ProducerBatch, answer: PartitionAnswer): void {
    const verdict = verdictOf(answer.code, answer.message);
    if (verdict.kind === 'done') {
      this.options.troubles.clear(partition.topic, 'produce');
      partition.acknowledge(batch);
      return;
    }
    const message = `${partition.topic}/${partition.index}: ${verdict.message}`;
    const poison: Cause = { kind: 'poison', message };
    const single = batch.records.count === 1;
    switch (verdict.kind) {
      case 'retry':
        this.resend(partition, batch, message, verdict.written);
        if (verdict.refresh) this.options.onMoved(partition);
        break;
      case 'topic':
        this.options.troubles.note(partition.topic, message, 'produce');
        this.resend(partition, batch, message, 'no');
        this.options.onMoved(partition);
        break;
      case 'sequence':
        if (batch.maybeWritten) partition.fail(batch, { kind: 'unavailable', message }, 'unknown');
        else {
          partition.renewIdentity();
          this.resend(partition, batch, message, 'no');
        }
        break;
      case 'too_large':
        if (single) partition.fail(batch, poison, 'no');
        else partition.halve(batch);
        break;
      case 'invalid':
        if (answer.records.some(({ index }) => index >= 0 && index < batch.records.count))
          partition.failRecords(batch, causesOf(answer, message));
        else if (single) partition.fail(batch, poison, 'no');
        else partition.halve(batch);
        break;
      case 'poison':
        partition.fail(batch, poison, 'no');
    }
  }

  /** No answer came. */
  onFailure(partition: Partition, batch: ProducerBatch, { kind, message }: RequestFailure): void {
    this.resend(partition, batch, message, kind === 'unknown' ? 'unknown' : 'no');
    this.options.onMoved(partition);
  }

  /** The same batch again, after a while. */
  private resend(partition: Partition, batch: ProducerBatch, message: string, written: 'no' | 'unknown'): void {
    partition.trouble = message;
    partition.failures += 1;
    if (batch.attempts > this.options.retries) {
      partition.fail(batch, { kind: 'unavailable', message }, batch.maybeWritten ? 'unknown' : written);
      return;
    }
    partition.resting = true;
    partition.keep(batch, written);
    this.options.timers.after(backoffMs(this.options.retry, partition.failures), () => {
      partition.resting = false;
      this.options.onRested(partition);
    });
  }
}

const causesOf = ({ records }: PartitionAnswer, message: string): ReadonlyMap<number, Cause> =>
  new Map(records.map((one) => [one.index, { kind: 'poison', message: one.message ?? message }]));
