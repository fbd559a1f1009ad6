/** Why Kafka can never have a topic of this name; undefined where it can. */
export const topicNameProblem = (name: string): string | undefined => {
  if (name === '.' || name === '..') return 'topic name is "." or ".."';
  if (name.length > 249) return `topic name has ${name.length} characters, at most 249 are allowed`;
  if (!/^[a-zA-Z0-9._-]+$/.test(name)) return 'topic name has characters other than a-z A-Z 0-9 . _ -';
  return undefined;
};
