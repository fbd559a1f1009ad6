import { cpuSeconds, peakMegabytes } from '../usage';
import type { Sender, Sent } from './traffic';

/** One run of one point. */
export interface Cost {
  /** User and system CPU of the whole process a message, until all have arrived. */
  readonly cpuMicros: number;
  /** Over the time until all have arrived, with the linger. */
  readonly perSecond: number;
  readonly peakMegabytes: number;
}

/** What has arrived where the messages go, as a count that only grows: of messages, or of bytes. */
export interface Arrivals {
  readonly of: (sent: Sent) => number;
  /** Resolves with what is there as soon as it is `wanted`, or after a while with what is there by then. */
  readonly wait: (wanted: number) => Promise<number>;
}

export interface Measured {
  readonly pid: number;
  readonly sender: Sender;
  readonly arrivals: Arrivals;
  /** Sent before the measuring: a daemon runs for weeks, so that its first compilation is not counted. */
  readonly warmUp: number;
  readonly messages: number;
  /** Of all messages, how many are sent before it is waited for them; default: all. */
  readonly round?: number;
  readonly hold?: Hold;
}

/** Keeps a round from arriving until all of it is sent, or as much of it as is read without anything arriving. */
export interface Hold {
  readonly start: () => void;
  readonly end: () => void;
  readonly atMostMs: number;
}

/** Sends while what is sent is held up. */
const sendHeld = async (sending: () => Promise<Sent>, { start, end, atMostMs }: Hold): Promise<Sent> => {
  start();
  let timer: NodeJS.Timeout | undefined;
  try {
    const sent = sending();
    await Promise.race([sent, new Promise((resolve) => (timer = setTimeout(resolve, atMostMs)))]);
    end();
    return await sent;
  } finally {
    clearTimeout(timer);
    end();
  }
};

/** The cost of a message in a warm process. Rejects when one is lost. */
export const measureCost = async ({
  pid,
  sender,
  arrivals,
  warmUp,
  messages,
  round = messages,
  hold,
}: Measured): Promise<Cost> => {
  let wanted = 0;
  const sendRound = async (count: number): Promise<Sent> => {
    const sent = hold ? await sendHeld(() => sender.send(count), hold) : await sender.send(count);
    wanted += arrivals.of(sent);
    const found = await arrivals.wait(wanted);
    if (found !== wanted) throw new Error(`${wanted} expected, ${found} arrived`);
    return sent;
  };
  for (let sent = 0; sent < warmUp;) sent += (await sendRound(Math.min(round, warmUp))).messages;
  const cpuBefore = cpuSeconds(pid);
  const startedMs = performance.now();
  let sent = 0;
  while (sent < messages) sent += (await sendRound(round)).messages;
  return {
    cpuMicros: ((cpuSeconds(pid) - cpuBefore) * 1e6) / sent,
    perSecond: (sent * 1000) / (performance.now() - startedMs),
    peakMegabytes: peakMegabytes(pid),
  };
};
