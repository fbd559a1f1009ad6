import { RUN_TIMEOUT_MS } from '../timeouts';
import { cpuSeconds, peakMegabytes, readSoFar } from '../usage';
import { withSender, type Sender, type Sent, type Traffic } from './traffic';

/** One run of one point. */
export interface Cost {
  /** User and system CPU of the whole process a message, until all have arrived. */
  readonly cpuMicros: number;
  /** Over the time until all have arrived, with the linger. */
  readonly perSecond: number;
  readonly peakMegabytes: number;
  /** What came with a read on average, the answers of the broker among them. */
  readonly bytesARead: number;
}

/** What has arrived where the messages go, as a count that only grows: of messages, or of bytes. */
export interface Arrivals {
  readonly of: (sent: Sent) => number;
  /** Resolves with what is there as soon as it is `wanted`, or after a while with what is there by then. */
  readonly wait: (wanted: number) => Promise<number>;
}

export interface Measuring {
  readonly pid: number;
  readonly traffic: Traffic;
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

const measureWith = async (sender: Sender, measuring: Measuring): Promise<Cost> => {
  const { pid, arrivals, warmUp, messages, round = messages, hold } = measuring;
  const deadline = performance.now() + RUN_TIMEOUT_MS;
  let wanted = 0;
  const sendRound = async (count: number): Promise<number> => {
    if (performance.now() > deadline) throw new Error(`not done in ${RUN_TIMEOUT_MS / 1000} s`);
    const sent = hold ? await sendHeld(() => sender.send(count), hold) : await sender.send(count);
    wanted += arrivals.of(sent);
    const found = await arrivals.wait(wanted);
    if (found !== wanted) throw new Error(`${wanted} expected, ${found} arrived`);
    return sent.messages;
  };
  for (let sent = 0; sent < warmUp;) sent += await sendRound(Math.min(round, warmUp));
  const before = { cpu: cpuSeconds(pid), read: readSoFar(pid), ms: performance.now() };
  let sent = 0;
  while (sent < messages) sent += await sendRound(round);
  const read = readSoFar(pid);
  return {
    cpuMicros: ((cpuSeconds(pid) - before.cpu) * 1e6) / sent,
    perSecond: (sent * 1000) / (performance.now() - before.ms),
    peakMegabytes: peakMegabytes(pid),
    bytesARead: (read.bytes - before.read.bytes) / (read.calls - before.read.calls),
  };
};

/** The cost of a message in a warm process. Rejects when one is lost, and when it takes longer than two minutes. */
export const measureCost = (measuring: Measuring): Promise<Cost> =>
  withSender(measuring.traffic, (sender) => measureWith(sender, measuring));
