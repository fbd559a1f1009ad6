/** How late messages are: from just before a message is written to the socket until a consumer of its topic has shown it. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { endWithUs } from './children';
import { middleBy, minToMax } from './figures';
import type { Measured } from './inTurn';
import { millisSince } from './messages';
import { programOf } from './packages';
import { KCAT } from './peers';
import { markdownTable } from './page';
import { titleOf, type Shape } from './shape';
import { send, warmUp, withServer, type Run, type Server } from './subject';
import { align } from './table';
import { DELIVERY_TIMEOUT_MS, RUN_TIMEOUT_MS } from './timeouts';
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

type MeasuredLatency = Measured<Pick<Server, 'name'>, Lateness>;

const HEADER = ['', 'p50 ms', 'p99 ms', '(min to max of the runs)', 'longest ms', 'CPU µs/message', 'received'];

/** The run in the middle, by its p99. */
const row = ({ one: { name }, missing, runs }: MeasuredLatency): readonly string[] => {
  const p99 = ({ millis }: Lateness): number => percentile(millis, 0.99);
  const middle = middleBy(runs, p99);
  if (!middle) return [name, missing ?? 'no run', '', '', '', '', ''];
  const ms = (value: number): string => value.toFixed(1);
  return [
    name,
    ms(percentile(middle.millis, 0.5)),
    ms(p99(middle)),
    minToMax(runs.map(p99), ms),
    ms(percentile(middle.millis, 1)),
    middle.cpuMicros.toFixed(1),
    runs.map(({ millis, sent }) => (millis.length === sent ? 'all' : `${millis.length} of ${sent}`)).join(' '),
  ];
};

export const latencyReport = (shape: Shape, measured: readonly MeasuredLatency[]): string =>
  `\n${titleOf(shape).replaceAll('`', '')}\n${align([HEADER, ...measured.map(row)])}`;

export const latencyMarkdown = (shape: Shape, measured: readonly MeasuredLatency[]): string =>
  `### ${titleOf(shape)}\n\n${markdownTable(HEADER, measured.map(row))}`;
