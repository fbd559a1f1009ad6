import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { acceptBare } from '../../src/sources/bareChannels';
import type { Channel } from '../../src/sources/channel';
import { withUnknownHandles } from '../support/unknownHandles';

const READ_BYTES = 60 * 1024;

let folder: string;
let server: Server;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'kahets-'));
  server = createServer({ pauseOnConnect: true });
});

afterEach(() => {
  server.close();
  rmSync(folder, { recursive: true, force: true });
});

/** What an accepted connection was told. */
class Heard {
  texts: string[] = [];
  memories: ArrayBufferLike[] = [];
  ends = 0;

  constructor(readonly channel: Channel) {
    channel.listen({
      bytes: (bytes) => {
        this.texts.push(bytes.toString());
        this.memories.push(bytes.buffer);
        server.emit('heard');
      },
      end: () => {
        this.ends += 1;
        server.emit('heard');
      },
    });
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await once(server, 'heard');
  }
}

const listen = async (where: string | number): Promise<void> => {
  server.once('listening', () => acceptBare(server, (channel) => server.emit('bare', new Heard(channel))));
  server.listen(where);
  await once(server, 'listening');
};

/** A client, and its connection as the server has it, which is not read yet. */
const joined = async (): Promise<readonly [Socket, Heard]> => {
  const address = server.address();
  const accepted = once(server, 'bare');
  const client = typeof address === 'string' ? connect(address) : connect(address?.port ?? 0, '127.0.0.1');
  const [heard] = (await accepted) as [Heard];
  return [client, heard];
};

describe('acceptBare', () => {
  it('reads all connections into the same memory, and none becomes a socket', async () => {
    await listen(join(folder, 'in.sock'));
    let sockets = 0;
    server.on('connection', () => (sockets += 1));
    const all: Heard[] = [];
    for (const text of ['first', 'the second']) {
      const [client, heard] = await joined();
      heard.channel.resume();
      client.end(text);
      await heard.until(() => heard.ends > 0);
      heard.channel.close();
      all.push(heard);
    }
    expect(all.map(({ texts }) => texts)).toEqual([['first'], ['the second']]);
    expect(all[1]?.memories[0]).toBe(all[0]?.memories[0]);
    expect(sockets).toBe(0);
  });

  it('tells of an end without bytes, once', async () => {
    await listen(join(folder, 'in.sock'));
    const [client, heard] = await joined();
    heard.channel.resume();
    client.end();
    await heard.until(() => heard.ends > 0);
    heard.channel.close();
    await once(client, 'close');
    expect(heard).toMatchObject({ texts: [], ends: 1 });
  });

  it('takes nothing to read for no end: what fills the memory to the last byte is read on', async () => {
    await listen(join(folder, 'in.sock'));
    const [client, heard] = await joined();
    await new Promise((resolve) => client.write(Buffer.alloc(READ_BYTES, 'x'), resolve));
    heard.channel.resume();
    await heard.until(() => heard.texts.length > 0);
    expect(heard.texts[0]).toHaveLength(READ_BYTES);
    // What comes at once would be read by the same loop that finds nothing else.
    await nextTurn();
    client.write('more');
    await heard.until(() => heard.texts.length > 1);
    expect(heard).toMatchObject({ texts: [expect.anything(), 'more'], ends: 0 });
    client.end();
    await heard.until(() => heard.ends > 0);
    heard.channel.close();
  });

  it('reads nothing while it is paused', async () => {
    await listen(join(folder, 'in.sock'));
    const [client, paused] = await joined();
    paused.channel.resume();
    paused.channel.pause();
    await new Promise((resolve) => client.write('later', resolve));
    const [other, heard] = await joined();
    heard.channel.resume();
    other.end('now');
    await heard.until(() => heard.ends > 0);
    expect(paused.texts).toEqual([]);
    paused.channel.resume();
    await paused.until(() => paused.texts.length > 0);
    expect(paused.texts).toEqual(['later']);
    paused.channel.close();
    heard.channel.close();
  });

  it('tells of a connection that breaks as of one that ends', async () => {
    await listen(0);
    const [client, heard] = await joined();
    heard.channel.resume();
    client.write('text');
    await heard.until(() => heard.texts.length > 0);
    client.resetAndDestroy();
    await heard.until(() => heard.ends > 0);
    heard.channel.close();
    expect(heard).toMatchObject({ texts: ['text'], ends: 1 });
  });

  it('tells nobody anything after it has closed', async () => {
    await listen(join(folder, 'in.sock'));
    const [client, heard] = await joined();
    heard.channel.resume();
    await new Promise((resolve) => client.write('text', resolve));
    heard.channel.close();
    // It may see what it wrote thrown away.
    await new Promise((resolve) =>
      client
        .on('error', () => undefined)
        .on('close', resolve)
        .resume(),
    );
    expect(heard).toMatchObject({ texts: [], ends: 0 });
  });

  it('leaves connections to the server where their handles are not as they are known', async () => {
    await withUnknownHandles(async () => {
      await listen(join(folder, 'in.sock'));
      const connection = once(server, 'connection');
      const client = connect(join(folder, 'in.sock'));
      const [socket] = (await connection) as [Socket];
      socket.resume();
      client.end('text');
      expect(String((await once(socket, 'data'))[0])).toBe('text');
      socket.destroy();
    });
  });

  it.each([{}, { _handle: null }, { _handle: {} }])(
    'leaves a server alone that is none as it is known: %j',
    (other) => {
      const before = structuredClone(other);
      acceptBare(other as unknown as Server, () => undefined);
      expect(other).toEqual(before);
    },
  );

  it('leaves to the server what could not be accepted', async () => {
    await listen(join(folder, 'in.sock'));
    const error = once(server, 'error');
    const EMFILE = -24;
    (server as unknown as { _handle: { onconnection: (error: number) => void } })._handle.onconnection(EMFILE);
    await expect(error).resolves.toMatchObject([{ code: 'EMFILE', syscall: 'accept' }]);
  });
});
