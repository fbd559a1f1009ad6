import * as E from 'fp-ts/Either';
import type { Brokers } from './brokers';
import type { TopicAnswer } from './requests';
import { backoffMs, type Backoff, type Timers } from './timers';
import type { Topic } from './topic';

export interface MetadataOptions {
  readonly brokers: Pick<Brokers, 'topics'>;
  readonly retry: Backoff;
  readonly timers: Timers;
  /** What the cluster says of a topic; whether it is to be asked again, after a while. */
  readonly onAnswer: (topic: Topic, answer: TopicAnswer) => 'known' | 'ask again';
}

/** Asks the cluster about topics: one request at a time, for all that are wanted and none besides. */
export class Metadata {
  private wanted = new Set<Topic>();
  /** Not to be asked about for a while. */
  private readonly resting = new Set<Topic>();
  private asking = false;

  constructor(private readonly options: MetadataOptions) {}

  want(topic: Topic): void {
    if (this.resting.has(topic)) return;
    this.wanted.add(topic);
    if (!this.asking) void this.ask();
  }

  private async ask(): Promise<void> {
    this.asking = true;
    // What is wanted in the same turn goes into the same request.
    await Promise.resolve();
    while (this.wanted.size > 0) {
      const topics = this.wanted;
      this.wanted = new Set();
      const answer = await this.options.brokers.topics([...topics].map(({ name }) => name));
      const answers = new Map(E.isRight(answer) ? answer.right.map((one) => [one.topic, one]) : []);
      for (const topic of topics) this.take(topic, answers.get(topic.name));
    }
    this.asking = false;
  }

  private take(topic: Topic, answer: TopicAnswer | undefined): void {
    const said = answer ? this.options.onAnswer(topic, answer) : 'ask again';
    if (said === 'known') topic.failures = 0;
    else {
      topic.failures += 1;
      this.wanted.delete(topic);
      this.resting.add(topic);
      this.options.timers.after(backoffMs(this.options.retry, topic.failures), () => {
        this.resting.delete(topic);
        if (!topic.isIdle) this.want(topic);
      });
    }
  }
}
