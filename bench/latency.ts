/** How late messages are: from just before a message is written to the socket until a consumer of its topic has shown it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { endWithUs } from './children';
import { millisSince } from './messages';
import { programOf } from './packages';
import { KCAT } from './peers';
import { DELIVERY_TIMEOUT_MS, RUN_TIMEOUT_MS, send, warmUp, withServer, type Run, type Server } from './subject';
import { markdownTable } from './page';
import { titleOf, type Shape } from './shapes';
import { align } from './table';
import { cpuSeconds } from './usage';

/** Messages of the first second are not counted: the trickle has to settle. */
const SETTLE_SECONDS = 1;

export interface Lateness {
  /** Of each message that arrived, sorted. */
  readonly millis: readonly number[];
  readonly cpuMicros: number;
  readonly sent: number;
}

interface Consumer {
  /** Resolves when `count` lines have come, or after `timeoutMs`, with how late each of them was, in order of arrival. */
  readonly take: (count: number, timeoutMs: number) => Promise<readonly number[]>;
  readonly stop: () => Promise<void>;
}

/** kcat, which shows what comes from now on as it comes; it is there when it has said so of each partition. */
const consume = async (brokers: string, topic: string, partitions: number): Promise<Consumer> => {
  const args = ['-C', '-u', '-b', brokers, '-t', topic, '-o', 'end', '-X', 'fetch.wait.max.ms=100'];
  const { command, env } = programOf(KCAT);
  const kcat = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } });
  const exited = once(kcat, 'exit');
  const ended = endWithUs(() => kcat.kill('SIGKILL'));
  const millis: number[] = [];
  createInterface({ input: kcat.stdout }).on('line', (line) => {
    const late = millisSince(line);
    if (late !== undefined) millis.push(late);
    kcat.emit('taken');
  });
  let ends = 0;
  createInterface({ input: kcat.stderr }).on('line', (line) => {
    if (line.startsWith('% Reached end of topic')) ends += 1;
    if (ends === partitions) kcat.emit('ready');
  });
  await once(kcat, 'ready', { signal: AbortSignal.timeout(RUN_TIMEOUT_MS) });
  return {
    take: (count, timeoutMs) =>
      new Promise((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          kcat.off('taken', check);
          resolve(millis);
        };
        const check = (): void => {
          if (millis.length >= count) done();
        };
        const timer = setTimeout(done, timeoutMs);
        kcat.on('taken', check);
        check();
      }),
    stop: async () => {
      kcat.kill('SIGKILL');
      await exited;
      ended();
    },
  };
};

export const measureLatency = (server: Server, run: Run): Promise<Lateness> =>
  withServer(server, run, async (running) => {
    const { shape, brokers, topics, keys } = run;
    const { socket, framing, pid } = running;
    await warmUp(running, run);
    const consumer = await consume(brokers, topics[0] ?? '', shape.partitions);
    try {
      const cpuBefore = cpuSeconds(pid);
      const sent = await send({ socket, shape, framing, keys, stamps: true });
      const millis = await consumer.take(sent, DELIVERY_TIMEOUT_MS);
      const counted = millis.slice(SETTLE_SECONDS * (shape.perSecond ?? 0));
      return {
        millis: [...counted].sort((a, b) => a - b),
        cpuMicros: ((cpuSeconds(pid) - cpuBefore) * 1e6) / sent,
        sent: sent - (millis.length - counted.length),
      };
    } finally {
      await consumer.stop();
    }
  });

const percentile = (sorted: readonly number[], part: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? NaN;

/** A server's runs, or why there are none. */
export interface MeasuredLatency {
  readonly name: string;
  readonly missing: string | undefined;
  readonly runs: readonly Lateness[];
}

const HEADER = ['', 'p50 ms', 'p99 ms', '(min to max of the runs)', 'longest ms', 'CPU µs/message', 'received'];

/** The run in the middle, by its p99. */
const row = ({ name, missing, runs }: MeasuredLatency): readonly string[] => {
  const sorted = [...runs].sort((a, b) => percentile(a.millis, 0.99) - percentile(b.millis, 0.99));
  const middle = sorted[Math.floor((sorted.length - 1) / 2)];
  if (!middle) return [name, missing ?? 'no run', '', '', '', '', ''];
  const p99s = sorted.map(({ millis }) => percentile(millis, 0.99).toFixed(1));
  return [
    name,
    percentile(middle.millis, 0.5).toFixed(1),
    percentile(middle.millis, 0.99).toFixed(1),
    `${p99s[0] ?? ''} to ${p99s.at(-1) ?? ''}`,
    percentile(middle.millis, 1).toFixed(1),
    middle.cpuMicros.toFixed(1),
    runs.map(({ millis, sent }) => (millis.length === sent ? 'all' : `${millis.length} of ${sent}`)).join(' '),
  ];
};

export const latencyReport = (shape: Shape, measured: readonly MeasuredLatency[]): string =>
  `\n${titleOf(shape).replaceAll('`', '')}\n${align([HEADER, ...measured.map(row)])}`;

export const latencyMarkdown = (shape: Shape, measured: readonly MeasuredLatency[]): string =>
  `### ${titleOf(shape)}\n\n${markdownTable(HEADER, measured.map(row))}`;
