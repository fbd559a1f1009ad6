/** The floor of a file stream: a `cat` for each connection copies what comes to a file. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { endWithUs } from './children';
import { awaitFiles, outputFolder } from './files';
import { childSeconds, TIMES } from './kcat';
import { DELIVERY_TIMEOUT_MS, RUN_TIMEOUT_MS, send, type Run, type Subject } from './subject';

/** Copies to the end of the connection; resolves with the CPU seconds of the copying. */
const copy = async (socket: Socket, folder: string): Promise<number> => {
  const file = openSync(path.join(folder, 'messages'), 'a');
  const bash = spawn('bash', ['-c', `cat >&3; ${TIMES}`], { stdio: [socket, 'pipe', 'inherit', file], detached: true });
  closeSync(file);
  socket.destroy();
  const kill = (): void => {
    if (bash.pid !== undefined) process.kill(-bash.pid, 'SIGKILL');
  };
  const ended = endWithUs(kill);
  const killing = setTimeout(kill, RUN_TIMEOUT_MS);
  let output = '';
  bash.stdout?.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const [code] = (await once(bash, 'close')) as [number | null];
  clearTimeout(killing);
  ended();
  if (code !== 0) throw new Error(`cat ended with ${code ?? 'a signal'}`);
  return childSeconds(output);
};

const measure = async ({ shape, topics, keys, folder }: Run): Promise<Awaited<ReturnType<Subject['measure']>>> => {
  const output = outputFolder(folder);
  mkdirSync(output);
  const copies: Promise<number>[] = [];
  const server = createServer({ pauseOnConnect: true }, (socket) => {
    const copying = copy(socket, output);
    // It is awaited below, after the sending.
    copying.catch(() => undefined);
    copies.push(copying);
  });
  const socket = path.join(folder, 'cat.sock');
  await once(server.listen(socket), 'listening');
  try {
    let startedMs = NaN;
    const framing = { kind: 'line', prefixes: topics.map(() => '') } as const;
    const sent = await send({ socket, shape, framing, keys, stamps: false }, () => (startedMs = performance.now()));
    const delivered = await awaitFiles(output, shape.messageBytes + 1, sent, DELIVERY_TIMEOUT_MS);
    const elapsed = (performance.now() - startedMs) / 1000;
    const used = (await Promise.all(copies)).reduce((sum, seconds) => sum + seconds, 0);
    return { cpuMicros: (used * 1e6) / sent, perSecond: sent / elapsed, peakMegabytes: NaN, sent, delivered };
  } finally {
    server.close();
  }
};

export const cat: Subject = { name: 'cat, one a connection', missing: () => undefined, measure };
