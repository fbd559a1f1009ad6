import type { Observable } from 'rxjs';
import type { Cause, Held, Log, StreamOptions } from '../../model';
import type { Brokers } from './brokers';
import { createBuffers } from './buffers';
import type { Compress } from './compression';
import type { Delivery } from './delivery';
import { Metadata } from './metadata';
import { Outcomes } from './outcomes';
import type { Partition, PartitionContext } from './partition';
import { ProducerIds } from './producerIds';
import { chargeLater } from './chargeLater';
import { bufferBytes } from './recordBatch';
import { Sender } from './sender';
import type { KafkaSettings } from './settings';
import { jittered, type Backoff, type Timers } from './timers';
import { Topic } from './topic';
import { takeTopicAnswer } from './topicAnswer';
import { topicNameProblem } from './topicName';
import { TopicTroubles } from './topicTroubles';

export type ProducerSettings = Pick<
  KafkaSettings,
  | 'acks'
  | 'allowAutoCreateTopics'
  | 'batchNumMessages'
  | 'batchSizeBytes'
  | 'idempotence'
  | 'maxInFlight'
  | 'messageMaxBytes'
  | 'metadataRefreshIntervalMs'
  | 'partitioner'
  | 'requestTimeoutMs'
  | 'retries'
  | 'retryBackoffMaxMs'
  | 'retryBackoffMs'
  | 'stickyLingerMs'
>;

export interface ProducerParts {
  readonly brokers: Brokers;
  readonly timers: Timers;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
  readonly held: Pick<Held, 'charge' | 'release'>;
  readonly compress: Compress;
  readonly options: StreamOptions;
}

/** As many are remembered: a client may make up any number of names. */
const MAX_TOPICS = 10_000;
/** Where no backup takes over before: a leader that cannot be reached for so long makes a trouble. */
const AWAY_MS = 10_000;

/**
 * Brings deliveries to the partitions of their topics, in order, and acts on what the brokers answer. It never gives up by
 * itself unless `retries` says so.
 */
export class Producer {
  readonly troubles: TopicTroubles;
  /** Why nothing at all can be sent; undefined: it can. */
  readonly refusal$: Observable<string | undefined>;
  private readonly topics = new Map<string, Topic>();
  private readonly buffers;
  private readonly retry: Backoff;
  private readonly ids: ProducerIds;
  private readonly metadata: Metadata;
  private readonly sender: Sender;
  private readonly weigh: (gain: number) => void;

  constructor(
    private readonly settings: ProducerSettings,
    private readonly parts: ProducerParts,
  ) {
    const { brokers, timers, random, log } = parts;
    this.troubles = new TopicTroubles(log);
    this.weigh = chargeLater(parts.held);
    this.buffers = createBuffers(bufferBytes(settings.batchSizeBytes));
    this.retry = { firstMs: settings.retryBackoffMs, maxMs: settings.retryBackoffMaxMs, random };
    this.ids = new ProducerIds({
      idempotence: settings.idempotence,
      brokers,
      retry: this.retry,
      timers,
      log,
      onReady: () => this.wakeAll(),
    });
    const answerOptions = {
      troubles: this.troubles,
      allowAutoCreateTopics: settings.allowAutoCreateTopics,
      now: parts.now,
      awayMs: parts.options.handOverMs ?? AWAY_MS,
    };
    this.metadata = new Metadata({
      brokers,
      retry: this.retry,
      timers,
      onAnswer: (topic, answer) => {
        const isForgotten = this.topics.get(topic.name) !== topic;
        return isForgotten ? 'known' : takeTopicAnswer(topic, answer, answerOptions);
      },
    });
    const outcomes = new Outcomes({
      retries: settings.retries,
      retry: this.retry,
      timers,
      troubles: this.troubles,
      onRested: (partition) => this.sender.wake(partition),
      onMoved: (partition) => this.wantTopic(partition),
    });
    this.sender = new Sender({
      ...settings,
      brokers,
      timers,
      ids: this.ids,
      handOverMs: parts.options.handOverMs,
      now: parts.now,
      onAnswer: (partition, batch, answer) => outcomes.onAnswer(partition, batch, answer),
      onFailure: (partition, batch, failure) => outcomes.onFailure(partition, batch, failure),
      onNoLeader: (partition, cause) => this.onNoLeader(partition, cause),
    });
    this.refusal$ = this.ids.refusal$;
    this.refreshLater();
  }

  add(delivery: Delivery): void {
    const problem = topicNameProblem(delivery.batch.bucket);
    if (delivery.batch.count === 0) delivery.settleAll({ kind: 'acknowledged', maybeTwice: false });
    else if (problem !== undefined) delivery.poison(delivery.batch.count, problem);
    else this.topicOf(delivery.batch.bucket).add(delivery);
  }

  giveUp(delivery: Delivery, cause: Cause): void {
    const topic = this.topics.get(delivery.batch.bucket);
    if (topic) topic.giveUp(delivery, cause);
    else delivery.giveUp(cause);
  }

  /** Gives everything up. */
  close(cause: Cause): void {
    for (const topic of this.topics.values()) for (const delivery of topic.deliveries()) topic.giveUp(delivery, cause);
  }

  private topicOf(name: string): Topic {
    const known = this.topics.get(name);
    if (known) return known;
    const { settings, parts } = this;
    const context: PartitionContext = {
      buffers: this.buffers,
      compress: parts.compress,
      weigh: this.weigh,
      recordOptions: {
        count: settings.batchNumMessages,
        bytes: Math.min(settings.batchSizeBytes, settings.messageMaxBytes),
        emptyKey: parts.options.emptyKey,
      },
      queuedBytes: 0,
      wake: (partition) => this.sender.wake(partition),
      onRoom: () => topic.admit(),
      onEmpty: (partition) => this.onEmpty(partition),
      retire: (identity) => this.ids.retire(identity),
    };
    const topic: Topic = new Topic(name, context, {
      messageMaxBytes: settings.messageMaxBytes,
      partitioner: settings.partitioner,
      stickyLingerMs: settings.stickyLingerMs,
      now: parts.now,
      random: parts.random,
      onUnknown: () => this.metadata.want(topic),
    });
    if (this.topics.size >= MAX_TOPICS) this.forgetIdle();
    this.topics.set(name, topic);
    return topic;
  }

  private wakeAll(): void {
    for (const { partitions } of this.topics.values()) for (const partition of partitions) this.sender.wake(partition);
  }

  /** Learns of new partitions in time, and forgets topics that nobody writes to. */
  private refreshLater(): void {
    const { metadataRefreshIntervalMs: everyMs } = this.settings;
    const { timers, random } = this.parts;
    if (everyMs <= 0) return;
    timers.after(jittered(everyMs, random), () => {
      for (const topic of this.topics.values()) {
        if (topic.used || !topic.isIdle) this.metadata.want(topic);
        else this.forget(topic);
        topic.used = false;
      }
      this.refreshLater();
    });
  }

  private forgetIdle(): void {
    for (const topic of this.topics.values()) if (topic.isIdle) this.forget(topic);
  }

  private forget(topic: Topic): void {
    this.topics.delete(topic.name);
    this.troubles.forget(topic.name);
    // Its sequence numbers go with it; they must not start over under the same id.
    this.ids.retire();
  }

  private onEmpty(partition: Partition): void {
    if (partition.strandedMs === undefined) return;
    partition.strandedMs = undefined;
    this.troubles.clear(partition.topic, `leader of ${partition.index}`);
  }

  private onNoLeader(partition: Partition, cause: string): void {
    // Given up while its leader was being looked for: nobody misses that one.
    if (partition.isEmpty) return;
    partition.strandedMs ??= partition.waitingMs ?? this.parts.now();
    partition.trouble = `${partition.topic}/${partition.index}: ${cause}`;
    this.wantTopic(partition);
  }

  private wantTopic({ topic }: Partition): void {
    const found = this.topics.get(topic);
    if (found) this.metadata.want(found);
  }
}
