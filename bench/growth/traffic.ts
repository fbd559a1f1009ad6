/** What a daemon is sent while its growth is measured, from a process of its own that sends the same again and again. */
import { fork } from 'node:child_process';
import { once } from 'node:events';
import path from 'node:path';
import { endWithUs } from '../children';
import { RUN_TIMEOUT_MS } from '../subject';

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

export interface Sent {
  readonly messages: number;
  /** With their framing. */
  readonly bytes: number;
  readonly seconds: number;
}

export interface Sender {
  /** Sends so many, in whole writes, and resolves when the reader's side of the sockets has them. */
  readonly send: (messages: number) => Promise<Sent>;
  /** Ends the connections. */
  readonly stop: () => Promise<void>;
}

/** Starts the process and opens the connections, which stay open. */
export const openSender = async (traffic: Traffic): Promise<Sender> => {
  const generator = fork(path.join(__dirname, 'generator.ts'), [], {
    execArgv: ['-r', 'ts-node/register/transpile-only'],
  });
  const exited = once(generator, 'exit');
  const forget = endWithUs(() => generator.kill('SIGKILL'));
  const ask = async (message: Traffic | { readonly messages: number }): Promise<unknown> => {
    const signal = AbortSignal.timeout(RUN_TIMEOUT_MS);
    const failed = exited.then(() => {
      throw new Error('the load generator ended early');
    });
    const answer = once(generator, 'message', { signal });
    generator.send(message);
    const [found] = (await Promise.race([answer, failed])) as [unknown];
    return found;
  };
  const stop = async (): Promise<void> => {
    generator.kill('SIGKILL');
    await exited;
    forget();
  };
  try {
    await ask(traffic);
  } catch (error) {
    await stop();
    throw error;
  }
  return { send: async (messages) => (await ask({ messages })) as Sent, stop };
};
