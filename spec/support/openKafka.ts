import { NO_OPTIONS, type Env, type Sink, type StreamOptions } from '../../src/model';
import { kafka } from '../../src/sinks/kafka';
import { testEnv } from '../../src/testing/builders';

/** The real Kafka sink with the settings of a user, on the real clock. */
export const openKafka = async (
  brokers: string,
  settings: object = {},
  env: Partial<Env> = {},
  options: StreamOptions = NO_OPTIONS,
): Promise<Sink> => {
  const checked = kafka({ 'bootstrap.servers': brokers, ...settings }, 'settings');
  if (checked._tag === 'Left') throw new Error(JSON.stringify(checked.left));
  const opened = await checked.right.open(testEnv({ now: Date.now, random: Math.random, ...env }), options)();
  if (opened._tag === 'Left') throw new Error(opened.left.message);
  return opened.right;
};
