import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { onRead } from '../../src/sources/sharedReads';

describe('onRead', () => {
  it('reads all sockets into the same memory', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'kahets-'));
    const path = join(folder, 'in.sock');
    const reads: { readonly text: string; readonly memory: ArrayBufferLike }[] = [];
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      onRead(socket, (bytes) => {
        reads.push({ text: bytes.toString(), memory: bytes.buffer });
        server.emit('read');
      });
      socket.resume();
    }).listen(path);
    try {
      await once(server, 'listening');
      for (const text of ['first', 'the second']) {
        const read = once(server, 'read');
        const client = connect(path);
        client.end(text);
        await read;
        client.destroy();
      }
      expect(reads.map(({ text }) => text)).toEqual(['first', 'the second']);
      expect(reads[1]?.memory).toBe(reads[0]?.memory);
    } finally {
      server.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('reads what is no socket as Node has it, in the usual way', async () => {
    const stream = new PassThrough();
    const read = new Promise<string>((resolve) =>
      onRead(stream as unknown as Socket, (bytes) => resolve(bytes.toString())),
    );
    stream.write('text');
    await expect(read).resolves.toBe('text');
  });
});
