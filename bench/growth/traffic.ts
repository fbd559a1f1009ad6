/** What a daemon is sent while its growth is measured, from a process of its own that sends the same again and again. */
import path from 'node:path';
import { withFork } from '../children';

const BULK_BYTES = 64 * 1024;
/** Of a frame beside its message, about. */
export const FRAMING_BYTES = 30;

export interface Traffic {
  readonly socket: string;
  readonly messageBytes: number;
  readonly connections: number;
  /** Messages of a write. */
  readonly perWrite: number;
  /** Each message goes to the next. */
  readonly buckets: readonly string[];
  readonly keys: boolean;
  /** Messages a second; absent: as fast as the reader takes them. */
  readonly perSecond?: number;
}

/** Messages of a write of 64 KB, or one where that is larger. */
const perBulkWrite = (messageBytes: number): number =>
  Math.max(1, Math.floor(BULK_BYTES / (messageBytes + FRAMING_BYTES)));

/** Messages of 200 bytes without keys in writes of 64 KB over 4 connections, where `more` says nothing else. */
export const bulkTraffic = (
  to: Pick<Traffic, 'socket' | 'buckets'>,
  { messageBytes = 200, ...more }: Partial<Traffic> = {},
): Traffic => ({ ...to, messageBytes, connections: 4, perWrite: perBulkWrite(messageBytes), keys: false, ...more });

export interface Sent {
  readonly messages: number;
  /** With their framing. */
  readonly bytes: number;
  readonly seconds: number;
}

export interface Sender {
  /** Sends so many, in whole writes, and resolves when the reader's side of the sockets has them. */
  readonly send: (messages: number) => Promise<Sent>;
}

/** Opens the connections, which stay open for as long as `work` takes. */
export const withSender = <A>(traffic: Traffic, work: (sender: Sender) => Promise<A>): Promise<A> =>
  withFork(path.join(__dirname, 'generator.ts'), [], async ({ ask }) => {
    await ask(traffic);
    return work({ send: async (messages) => (await ask({ messages })) as Sent });
  });
