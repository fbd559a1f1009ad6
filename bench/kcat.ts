import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { endWithUs } from './children';
import { POOL, keyOf, messagePool } from './messages';
import { programOf, whyMissing } from './packages';
import { KCAT } from './peers';
import { DELIVERY_TIMEOUT_MS, kafkaSettings, RUN_TIMEOUT_MS, type Run, type Subject } from './subject';
import { awaitAll } from './topics';
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

/** Ends a script of bash with what its children have used: once one has ended, /proc has forgotten it. */
export const TIMES = 'code=$?; times; exit $code';

/** User and system seconds in the output of a script that {@link TIMES} ends. */
export const childSeconds = (output: string): number =>
  (output.trim().split('\n').at(-1) ?? '').split(' ').reduce((sum, each) => sum + seconds(each), 0);

const script = (command: string, args: readonly string[], file: string): string =>
  `'${command}' ${args.map((arg) => `'${arg}'`).join(' ')} <'${file}' & pid=$!; echo "$pid"; wait "$pid"; ${TIMES}`;

interface Used {
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** Runs the script to its end, or kills it with all it has started when it takes too long. */
const runScript = async (text: string, env: NodeJS.ProcessEnv): Promise<Used> => {
  const bash = spawn('bash', ['-c', text], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
    env: { ...process.env, ...env },
  });
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
  return { cpuSeconds: childSeconds(output), peakMegabytes: peak };
};

export const kcat: Subject = {
  name: 'kcat -P, from a file',
  missing: () => whyMissing(KCAT),
  measure: async (run) => {
    const { brokers, topics, shape } = run;
    const file = path.join(run.folder, 'messages');
    await writeMessages(file, run);
    const settings = Object.entries(kafkaSettings(shape)).flatMap(([name, value]) => ['-X', `${name}=${value}`]);
    const keys = run.keys ? ['-K', KEY_DELIMITER] : [];
    const args = ['-P', '-b', brokers, ...keys, ...settings, '-t', topics[0] ?? ''];
    const { command, env } = programOf(KCAT);
    const started = performance.now();
    const used = await runScript(script(command, args, file), env);
    const sent = shape.messages;
    const delivered = await awaitAll(brokers, topics, sent, DELIVERY_TIMEOUT_MS);
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
