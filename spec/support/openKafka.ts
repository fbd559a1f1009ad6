import type { Env, Sink, StreamOptions } from '../../src/model';
import { kafka } from '../../src/sinks/kafka';
import { testEnv } from '../../src/testing/builders';
import { openSink } from '../../src/testing/openSink';

/** The real Kafka sink with the settings of a user, on the real clock. */
export const openKafka = (
  brokers: string,
  settings: object = {},
  env: Partial<Env> = {},
  options?: StreamOptions,
): Promise<Sink> =>
  openSink(
    kafka,
    { 'bootstrap.servers': brokers, ...settings },
    testEnv({ now: Date.now, random: Math.random, ...env }),
    options,
  );
