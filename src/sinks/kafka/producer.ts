import type { Cause, Log, Slots, StreamOptions } from '../../model';
import type { Brokers } from './brokers';
import { createBuffers } from './buffers';
import { compressor } from './compression';
import type { Delivery } from './delivery';
import { Metadata } from './metadata';
import { Outcomes } from './outcomes';
import type { Partition, PartitionContext } from './partition';
import { ProducerIds } from './producerIds';
import { bufferBytes } from './recordBatch';
import type { TopicAnswer } from './requests';
import { Sender } from './sender';
import type { KafkaSettings } from './settings';
import type { Backoff, Timers } from './timers';
import { Topic } from './topic';
import { topicNameProblem } from './topicName';
import { TopicTroubles } from './topicTroubles';
import { describeCode } from './verdict';

export type ProducerSettings = Pick<
  KafkaSettings,
  | 'acks'
  | 'allowAutoCreateTopics'
  | 'batchNumMessages'
  | 'batchSizeBytes'
  | 'compression'
  | 'compressionLevel'
  | 'idempotence'
  | 'maxInFlight'
  | 'messageMaxBytes'
  | 'metadataRefreshIntervalMs'
  | 'requestTimeoutMs'
  | 'retries'
  | 'retryBackoffMaxMs'
  | 'retryBackoffMs'
>;

export interface ProducerParts {
  readonly brokers: Brokers;
  readonly timers: Timers;
  readonly now: () => number;
  readonly random: () => number;
  readonly log: Log;
  readonly compressions: Slots;
  readonly options: StreamOptions;
}

const UNKNOWN_TOPIC = 3;
const LEADER_NOT_AVAILABLE = 5;
const INVALID_TOPIC = 17;
/** A topic that is being created is unknown for so many answers. */
const CREATION_ATTEMPTS = 5;

/**
 * Brings deliveries to the partitions of their topics, in order, and acts on what the brokers answer. It never gives up by
 * itself unless `retries` says so.
 */
export class Producer {
  readonly troubles: TopicTroubles;
  private readonly topics = new Map<string, Topic>();
  private readonly buffers;
  private readonly compress;
  private readonly retry: Backoff;
  private readonly ids: ProducerIds;
  private readonly metadata: Metadata;
  private readonly sender: Sender;

  constructor(
    private readonly settings: ProducerSettings,
    private readonly parts: ProducerParts,
  ) {
    const { brokers, timers, random, log, compressions } = parts;
    this.troubles = new TopicTroubles(log);
    this.buffers = createBuffers(bufferBytes(settings.batchSizeBytes));
    this.compress = compressor(settings.compression, settings.compressionLevel, compressions);
    this.retry = { firstMs: settings.retryBackoffMs, maxMs: settings.retryBackoffMaxMs, random };
    this.ids = new ProducerIds({
      idempotence: settings.idempotence,
      brokers,
      retry: this.retry,
      timers,
      log,
      onReady: () => this.wakeAll(),
    });
    this.metadata = new Metadata({
      brokers,
      retry: this.retry,
      timers,
      onAnswer: (topic, answer) => this.onTopicAnswer(topic, answer),
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
      onAnswer: (partition, batch, answer) => outcomes.onAnswer(partition, batch, answer),
      onFailure: (partition, batch, failure) => outcomes.onFailure(partition, batch, failure),
      onNoLeader: (partition, cause) => this.onNoLeader(partition, cause),
    });
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
      compress: this.compress,
      limits: {
        count: settings.batchNumMessages,
        bytes: Math.min(settings.batchSizeBytes, settings.messageMaxBytes),
      },
      queuedBytes: 0,
      wake: (partition) => this.sender.wake(partition),
      onRoom: () => topic.admit(),
      retire: (identity) => this.ids.retire(identity),
    };
    const topic: Topic = new Topic(name, context, {
      messageMaxBytes: settings.messageMaxBytes,
      now: parts.now,
      random: parts.random,
      onUnknown: () => this.metadata.want(topic),
    });
    this.topics.set(name, topic);
    return topic;
  }

  private wakeAll(): void {
    for (const { partitions } of this.topics.values())
      for (const partition of partitions) if (!partition.isEmpty) this.sender.wake(partition);
  }

  /** Learns of new partitions in time, and forgets topics that nobody writes to. */
  private refreshLater(): void {
    if (this.settings.metadataRefreshIntervalMs <= 0) return;
    this.parts.timers.after(this.settings.metadataRefreshIntervalMs, () => {
      for (const topic of this.topics.values()) {
        if (topic.used || !topic.isIdle) this.metadata.want(topic);
        else this.forget(topic);
        topic.used = false;
      }
      this.refreshLater();
    });
  }

  private forget(topic: Topic): void {
    this.topics.delete(topic.name);
    this.troubles.clear(topic.name, 'produce');
    // Its sequence numbers go with it; they must not start over under the same id.
    this.ids.retire();
  }

  private onTopicAnswer(topic: Topic, answer: TopicAnswer): 'known' | 'ask again' {
    const { code } = answer;
    if (code === 0) {
      topic.trouble = undefined;
      this.troubles.clear(topic.name, 'metadata');
      topic.learn(answer);
      return topic.lacksLeader ? 'ask again' : 'known';
    }
    topic.trouble = `topic ${topic.name}: ${describeCode(code)}`;
    if (code === INVALID_TOPIC) {
      topic.fail({ kind: 'poison', message: topic.trouble });
      return 'known';
    }
    if (code === UNKNOWN_TOPIC) topic.learn(answer);
    const mayCome = code === LEADER_NOT_AVAILABLE || (code === UNKNOWN_TOPIC && this.settings.allowAutoCreateTopics);
    if (!mayCome || topic.failures >= CREATION_ATTEMPTS) this.troubles.note(topic.name, topic.trouble, 'metadata');
    return 'ask again';
  }

  private onNoLeader(partition: Partition, cause: string): void {
    partition.trouble = `${partition.topic}/${partition.index}: ${cause}`;
    this.wantTopic(partition);
  }

  private wantTopic({ topic }: Partition): void {
    const found = this.topics.get(topic);
    if (found) this.metadata.want(found);
  }
}
