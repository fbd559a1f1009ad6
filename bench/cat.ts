/** The floor of a file stream: a `cat` for each connection copies what comes to a file. */
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import path from 'node:path';
import { startScript } from './bash';
import { awaitFiles, outputFolder } from './files';
import { send, type Result, type Run, type Subject } from './subject';

/** Copies to the end of the connection; resolves with the CPU seconds of the copying. */
const copy = (socket: Socket, folder: string): Promise<number> => {
  const file = openSync(path.join(folder, 'messages'), 'a');
  const { ended } = startScript('cat >&3', { input: socket, file });
  closeSync(file);
  socket.destroy();
  return ended;
};

const measure = async ({ shape, topics, keys, folder }: Run): Promise<Result> => {
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
    const delivered = await awaitFiles(output, shape.messageBytes + 1, sent);
    const elapsed = (performance.now() - startedMs) / 1000;
    const used = (await Promise.all(copies)).reduce((sum, seconds) => sum + seconds, 0);
    return { cpuMicros: (used * 1e6) / sent, perSecond: sent / elapsed, peakMegabytes: NaN, sent, delivered };
  } finally {
    server.close();
  }
};

export const cat: Subject = { name: 'cat, one a connection', missing: () => undefined, measure };
