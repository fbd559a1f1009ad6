import type { TopicAnswer } from './requests';
import { LASTING_FAILURES } from './timers';
import type { Topic } from './topic';
import type { TopicTroubles } from './topicTroubles';
import { describeCode } from './verdict';

const NO_LEADER = 'a partition has no leader: the brokers that have it are away';
const UNKNOWN_TOPIC = 3;
const LEADER_NOT_AVAILABLE = 5;
const INVALID_TOPIC = 17;
/** So many answers in a row without a partition make sure that the topic was made anew with fewer. */
const GONE_FAILURES = 3;

interface TopicAnswerOptions {
  readonly troubles: TopicTroubles;
  readonly allowAutoCreateTopics: boolean;
  readonly now: () => number;
  /** A leader that cannot be reached for so long makes a trouble. */
  readonly awayMs: number;
}

/** Takes what the cluster says of a topic: who leads its partitions, or what is wrong. Whether to ask again, after a while. */
export const takeTopicAnswer = (
  topic: Topic,
  answer: TopicAnswer,
  { troubles, allowAutoCreateTopics, now, awayMs }: TopicAnswerOptions,
): 'known' | 'ask again' => {
  const { code } = answer;
  if (code === 0) {
    topic.trouble = undefined;
    topic.learn(answer);
    if (topic.failures >= GONE_FAILURES) topic.repartition();
    if (topic.partitions.length > 0) troubles.clear(topic.name, 'metadata');
    noteStranded(topic, troubles, now() - awayMs);
    return topic.lacksLeader ? 'ask again' : 'known';
  }
  topic.trouble = `topic ${topic.name}: ${describeCode(code)}`;
  if (code === INVALID_TOPIC) {
    topic.fail({ kind: 'poison', message: topic.trouble });
    return 'known';
  }
  if (code === UNKNOWN_TOPIC) topic.learn(answer);
  const mayCome = code === LEADER_NOT_AVAILABLE || (code === UNKNOWN_TOPIC && allowAutoCreateTopics);
  if (!mayCome || topic.failures >= LASTING_FAILURES) troubles.note(topic.name, topic.trouble, 'metadata');
  return 'ask again';
};

/** Each partition for itself, since the others may take messages all the while. */
const noteStranded = ({ name, failures, partitions }: Topic, troubles: TopicTroubles, beforeMs: number): void => {
  for (const { index, leader, isEmpty, strandedMs, trouble = NO_LEADER } of partitions) {
    if (isEmpty || strandedMs === undefined) continue;
    if (leader < 0 ? failures >= LASTING_FAILURES : strandedMs <= beforeMs)
      troubles.note(name, `topic ${name}: ${leader < 0 ? NO_LEADER : trouble}`, `leader of ${index}`);
  }
};
