import type { Cause } from '../../model';
import type { RequestFailure } from './connection';
import type { Partition } from './partition';
import type { ProducerBatch } from './producerBatch';
import type { PartitionAnswer } from './requests';
import { backoffMs, LASTING_FAILURES, type Backoff, type Timers } from './timers';
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

/** What was damaged on the way so often is not damaged on the way: brokers before 2.4 say so of records that they refuse. */
const CORRUPT_ATTEMPTS = 3;

/** Acts on what became of a record batch that was sent, for its partition alone. */
export class Outcomes {
  constructor(private readonly options: OutcomesOptions) {}

  /** The broker has answered. */
  onAnswer(partition: Partition, batch: ProducerBatch, answer: PartitionAnswer): void {
    const verdict = verdictOf(answer.code, answer.message);
    if (verdict.kind === 'done') {
      this.options.troubles.accepted(partition.topic, partition.index);
      partition.acknowledge(batch);
      return;
    }
    const message = `topic ${partition.topic}: ${verdict.message}`;
    switch (verdict.kind) {
      case 'retry':
        this.resend(partition, batch, message, verdict.written);
        if (verdict.refresh) this.options.onMoved(partition);
        break;
      case 'topic':
        this.resend(partition, batch, message, 'no');
        this.options.troubles.note(partition.topic, message, 'produce');
        this.options.onMoved(partition);
        break;
      case 'corrupt':
        if (batch.attempts < CORRUPT_ATTEMPTS) this.resend(partition, batch, message, 'no');
        else this.split(partition, batch, message);
        break;
      case 'identity':
      case 'sequence':
        // Whether an earlier attempt was appended stays open: under another name the broker cannot tell, and it may be there twice.
        partition.renewIdentity(batch);
        this.resend(partition, batch, message, 'no');
        break;
      case 'too_large':
        this.split(partition, batch, message);
        break;
      case 'invalid':
        if (answer.records.some(({ index }) => index >= 0 && index < batch.records.count))
          partition.failRecords(batch, causesOf(answer, message));
        else this.split(partition, batch, message);
        break;
      case 'poison':
        partition.fail(batch, { kind: 'poison', message }, batch.doubt);
    }
  }

  /** No answer came. */
  onFailure(partition: Partition, batch: ProducerBatch, { kind, message }: RequestFailure): void {
    this.resend(partition, batch, message, kind === 'unknown' ? 'unknown' : 'no');
    this.options.onMoved(partition);
  }

  /** Looks for what the broker does not take, down to the single message. */
  private split(partition: Partition, batch: ProducerBatch, message: string): void {
    if (batch.records.count === 1) partition.fail(batch, { kind: 'poison', message }, batch.doubt);
    else partition.halve(batch);
  }

  /** The same batch again, after a while. */
  private resend(partition: Partition, batch: ProducerBatch, message: string, written: 'no' | 'unknown'): void {
    const { troubles, retries, retry, timers, onRested } = this.options;
    partition.trouble = message;
    partition.failures += 1;
    if (batch.attempts > retries) {
      partition.fail(batch, { kind: 'unavailable', message }, batch.maybeWritten ? 'unknown' : written);
      return;
    }
    partition.resting = true;
    partition.keep(batch, written);
    timers.after(backoffMs(retry, partition.failures), () => {
      partition.resting = false;
      if (partition.isEmpty) troubles.clear(partition.topic, partition.index);
      onRested(partition);
    });
    // Last, since who hears of it may give the batch up.
    if (partition.failures >= LASTING_FAILURES) troubles.note(partition.topic, message, partition.index);
  }
}

const causesOf = ({ records }: PartitionAnswer, message: string): ReadonlyMap<number, Cause> =>
  new Map(
    records.map(({ index, message: said }) => [
      index,
      { kind: 'poison', message: said === undefined ? message : `${message} (${said})` },
    ]),
  );
