import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import path from 'node:path';
import { finished } from 'node:stream/promises';
import { startScript } from './bash';
import { POOL, keyOf, messagePool } from './messages';
import { programOf, whyMissing } from './packages';
import { KCAT } from './peers';
import { kafkaSettings, type Run, type Subject } from './subject';
import { awaitAll } from './topics';
import { peakMegabytes } from './usage';

const KEY_DELIMITER = '|';
const POLL_MS = 20;

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

const script = (command: string, args: readonly string[], file: string): string =>
  `'${command}' ${args.map((arg) => `'${arg}'`).join(' ')} <'${file}' & pid=$!; echo "$pid"; wait "$pid"`;

interface Used {
  readonly cpuSeconds: number;
  readonly peakMegabytes: number;
}

/** Runs the script to its end. */
const runScript = async (text: string, env: NodeJS.ProcessEnv): Promise<Used> => {
  const { said, ended } = startScript(text, { env });
  let peak = 0;
  const polling = setInterval(() => {
    try {
      peak = Math.max(peak, peakMegabytes(Number(said())) || 0);
    } catch {
      // It has just ended, or not begun.
    }
  }, POLL_MS);
  try {
    return { cpuSeconds: await ended, peakMegabytes: peak };
  } finally {
    clearInterval(polling);
  }
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
    const delivered = await awaitAll(brokers, topics, sent);
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
