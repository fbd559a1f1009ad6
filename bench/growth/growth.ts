import { startBroker, type Broker } from '../../spec/support/kafka';
import type { Cost } from './measure';

/** What a growth is measured with. */
export interface Place {
  /** Started for the first who asks. */
  readonly broker: () => Promise<Broker>;
  /** The share of the messages that is sent; less than 1 is for a quick look. */
  readonly scale: number;
}

/** One quantity that grows, and what a message costs at each step. */
export interface Growth {
  readonly name: string;
  readonly title: string;
  /** What is sent how, for people. */
  readonly what: string;
  /** Why it grows as it does, where that was looked into. */
  readonly why?: string;
  /** Of `x`. */
  readonly unit: string;
  readonly points: readonly Point[];
  /** Draws steps at even distances: one of them is 0. Default: by their logarithm. */
  readonly even?: boolean;
  /** Bytes of a message, where that is what grows: the cost a byte is to stay, not the cost a message. */
  readonly bytesAt?: (x: number) => number;
}

export interface Point {
  readonly x: number;
  /** Default: the number. */
  readonly label?: string;
  readonly run: (place: Place) => Promise<Cost>;
}

/** Large messages are let in, and it may be held up for a minute. */
const BROKER = { heap: '1g', settings: 'message.max.bytes=8388608\nbroker.session.timeout.ms=60000' };

/** A broker for as long as `work` takes. */
export const withPlace = async <A>(scale: number, work: (place: Place) => Promise<A>): Promise<A> => {
  let started: Promise<Broker> | undefined;
  try {
    return await work({ broker: () => (started ??= startBroker(BROKER)), scale });
  } finally {
    await (await started)?.remove();
  }
};
