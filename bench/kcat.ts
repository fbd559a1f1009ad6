import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { KCAT, missingTools } from '../spec/support/kafka';
import { awaitMessages } from '../spec/support/topics';
import { POOL, keyOf, messagePool } from './messages';
import { KAFKA_SETTINGS, type Run, type Subject } from './subject';
import { peakMegabytes } from './usage';

const KEY_DELIMITER = '|';

/** The messages of the run, one a line. */
const writeMessages = async (file: string, { shape, keys }: Run): Promise<void> => {
  const lines = messagePool(shape.messageBytes).map((message, i) =>
    keys ? `${keyOf(i)}${KEY_DELIMITER}${message}\n` : `${message}\n`,
  );
  const all = lines.join('');
  const stream = createWriteStream(file);
  for (let left = shape.messages; left > 0; left -= POOL) {
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

/** Runs kcat under bash, whose `times` tells what it has used: once it has ended, /proc has forgotten it. */
const script = (args: readonly string[], file: string): string => `
  kcat ${args.map((arg) => `'${arg}'`).join(' ')} <'${file}' & pid=$!
  echo "$pid"; wait "$pid"; status=$?; times; exit "$status"`;

export const kcat: Subject = {
  name: 'kcat -P, from a file',
  missing: () => (missingTools([KCAT]).length > 0 ? 'not installed' : undefined),
  takes: ({ writes }) => writes === 'bulk',
  measure: async (run) => {
    const file = path.join(run.folder, 'messages');
    await writeMessages(file, run);
    const settings = Object.entries(KAFKA_SETTINGS).flatMap(([name, value]) => ['-X', `${name}=${value}`]);
    const keys = run.keys ? ['-K', KEY_DELIMITER] : [];
    const started = performance.now();
    const args = ['-P', '-b', run.brokers, '-t', run.topic, ...keys, ...settings];
    const bash = spawn('bash', ['-c', script(args, file)], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    let peak = 0;
    let polling: NodeJS.Timeout | undefined;
    bash.stdout.on('data', (text: Buffer) => {
      output += text.toString();
      const pid = Number.parseInt(output);
      polling ??= setInterval(() => {
        try {
          peak = Math.max(peak, peakMegabytes(pid) || 0);
        } catch {
          clearInterval(polling);
        }
      }, 20);
    });
    await once(bash, 'close');
    clearInterval(polling);
    const { messages } = run.shape;
    const delivered = await awaitMessages(run.brokers, run.topic, messages);
    const elapsed = (performance.now() - started) / 1000;
    const [, , children = ''] = output.trim().split('\n');
    const cpu = children.split(' ').reduce((sum, text) => sum + seconds(text), 0);
    return {
      cpuMicros: (cpu * 1e6) / messages,
      perSecond: messages / elapsed,
      peakMegabytes: peak,
      sent: messages,
      delivered,
    };
  },
};
