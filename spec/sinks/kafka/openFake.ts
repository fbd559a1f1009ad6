import { NEVER, VirtualTimeScheduler, type Observable } from 'rxjs';
import {
  NO_OPTIONS,
  SinkError,
  type Batch,
  type Env,
  type Receipt,
  type Rest,
  type Sink,
  type StreamOptions,
} from '../../../src/model';
import { openProducer } from '../../../src/sinks/kafka';
import { uncompressed } from '../../../src/sinks/kafka/compression';
import type { KafkaSettings } from '../../../src/sinks/kafka/settings';
import { createTimers } from '../../../src/sinks/kafka/timers';
import { memoryLog, messagesOf, testEnv } from '../../../src/testing/builders';
import { fakeBrokers, type FakeBrokers } from './fakeBrokers';
import { settingsOf } from './settingsOf';

/** The defaults, but no metadata refresh, which would keep the virtual clock going for ever. */
const SETTINGS = settingsOf({ 'topic.metadata.refresh.interval.ms': -1 });

/** A write under way: what it has said so far. */
export interface Written {
  readonly batch: Batch;
  readonly receipts: Receipt[];
  readonly rest: Rest[];
  ended: boolean;
}

/** Messages with a receipt, and without one by their cause's kind and by what is known of them. */
export const outcomeOf = ({ receipts, rest }: Written): readonly (readonly [string, readonly string[]])[] => [
  ...receipts.map((receipt) => [receipt.maybeTwice ? 'maybe twice' : 'delivered', messagesOf(receipt.batch)] as const),
  ...rest.map(({ batch, cause, written }) => [`${cause.kind} ${written}`, messagesOf(batch)] as const),
];

export interface Opened {
  readonly sink: Sink;
  readonly brokers: FakeBrokers;
  readonly log: ReturnType<typeof memoryLog>;
  readonly write: (batch: Batch, giveUp$?: Observable<unknown>) => Written;
  /** Lets everything happen that needs no time. */
  readonly turn: () => Promise<void>;
  /** Lets time pass until nothing is left to do. */
  readonly run: () => Promise<void>;
}

const turns = async (): Promise<void> => {
  for (let n = 0; n < 10; n += 1) await new Promise(setImmediate);
};

/** The real sink over fake brokers on virtual time. */
export const openFake = (
  settings: Partial<KafkaSettings> = {},
  parts: Partial<Env> = {},
  options: StreamOptions = NO_OPTIONS,
): Opened => {
  const brokers = fakeBrokers();
  const log = memoryLog();
  const scheduler = new VirtualTimeScheduler();
  const env = testEnv({ scheduler, log, ...parts });
  const sink = openProducer({ ...SETTINGS, ...settings }, env, options, {
    brokers,
    timers: createTimers(env.scheduler),
    compress: uncompressed,
  });
  return {
    sink,
    brokers,
    log,
    write: (batch, giveUp$ = NEVER) => {
      const written: Written = { batch, receipts: [], rest: [], ended: false };
      sink.write(batch, giveUp$).subscribe({
        next: (receipt) => written.receipts.push(receipt),
        complete: () => (written.ended = true),
        error: (error: unknown) => {
          if (!(error instanceof SinkError)) throw error;
          written.rest.push(...error.rest);
          written.ended = true;
        },
      });
      return written;
    },
    turn: turns,
    run: async () => {
      await turns();
      while (scheduler.actions.length > 0) {
        scheduler.flush();
        await turns();
      }
    },
  };
};
