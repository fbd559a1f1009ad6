import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { KCAT, missingTools } from '../spec/support/kafka';
import { endWithUs } from './children';
import { POOL, keyOf, messagePool } from './messages';
import { DELIVERY_TIMEOUT_MS, kafkaSettings, RUN_TIMEOUT_MS, type Run, type Subject } from './subject';
import { awaitAll } from './topics';
import { peakMegabytes } from './usage';

const KEY_DELIMITER = '|';

/** A topic's share of the messages of the run, one a line. */
const writeMessages = async (file: string, { shape, topics, keys }: Run): Promise<void> => {
  const lines = messagePool(shape.messageBytes).map((message, i) =>
    keys ? `${keyOf(i)}${KEY_DELIMITER}${message}\n` : `${message}\n`,
  );
  const all = lines.join('');
  const stream = createWriteStream(file);
  for (let left = Math.floor(shape.messages / topics.length); left > 0; left -= POOL) {
    if (!stream.write(left >= POOL ? all : lines.slice(0, left).join(''))) await once(stream, 'drain');
  }
  stream.end();
  await finished(stream);
};

/** Seconds in bash's `1m2.345s`. */
const seconds = (text: string): number => {
  const [, minutes = 'NaN', rest = 'NaN'] = /(\d+)m([\d.]+)s/.exec(text) ?? [];
  return Number(minutes) * 60 + Number(rest);
};

/** Runs kcat for each topic under bash, whose `times` tells what they have used: once one has ended, /proc has forgotten it. */
const script = (args: readonly string[], file: string, topics: readonly string[]): string => `
  for topic in ${topics.join(' ')}; do
    kcat ${args.map((arg) => `'${arg}'`).join(' ')} -t "$topic" <'${file}' & pid=$!
    echo "$pid"; wait "$pid" || exit
  done; times`;

interface Used {
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** Runs the script to its end, or kills it with all it has started when it takes too long. */
const runScript = async (text: string): Promise<Used> => {
  const bash = spawn('bash', ['-c', text], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
  let output = '';
  let peak = 0;
  bash.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const polling = setInterval(() => {
    const pid = Number(output.trim().split('\n').at(-1));
    try {
      peak = Math.max(peak, peakMegabytes(pid) || 0);
    } catch {
      // It has just ended, or the next one has not begun.
    }
  }, 20);
  const kill = (): void => {
    if (bash.pid !== undefined) process.kill(-bash.pid, 'SIGKILL');
  };
  const ended = endWithUs(kill);
  const killing = setTimeout(kill, RUN_TIMEOUT_MS);
  const [code] = (await once(bash, 'close')) as [number | null];
  clearInterval(polling);
  clearTimeout(killing);
  ended();
  if (code !== 0) throw new Error(code === null ? `no end in ${RUN_TIMEOUT_MS} ms` : `exit code ${code}`);
  const children = output.trim().split('\n').at(-1) ?? '';
  return { cpuSeconds: children.split(' ').reduce((sum, each) => sum + seconds(each), 0), peakMegabytes: peak };
};

export const kcat: Subject = {
  // A kcat writes to one topic, so that several are one kcat after the other.
  name: 'kcat -P, from a file',
  missing: () => (missingTools([KCAT]).length > 0 ? 'not installed' : undefined),
  takes: ({ writes }) => writes === 'bulk',
  measure: async (run) => {
    const file = path.join(run.folder, 'messages');
    await writeMessages(file, run);
    const settings = Object.entries(kafkaSettings(run.shape)).flatMap(([name, value]) => ['-X', `${name}=${value}`]);
    const keys = run.keys ? ['-K', KEY_DELIMITER] : [];
    const started = performance.now();
    const used = await runScript(script(['-P', '-b', run.brokers, ...keys, ...settings], file, run.topics));
    const sent = run.topics.length * Math.floor(run.shape.messages / run.topics.length);
    const delivered = await awaitAll(run.brokers, run.topics, sent, DELIVERY_TIMEOUT_MS);
    const elapsed = (performance.now() - started) / 1000;
    return {
      cpuMicros: (used.cpuSeconds * 1e6) / sent,
      perSecond: sent / elapsed,
      peakMegabytes: used.peakMegabytes,
      sent,
      delivered,
    };
  },
};
