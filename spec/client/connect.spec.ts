import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, ConnectionError } from '../../src/client/connect';
import { inFolder } from '../support/fileSinks';
import { withListener } from '../support/listener';

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );

describe('connect', () => {
  it.each([undefined, '127.0.0.1', '::1', '0.0.0.0', '::'])(
    'writes, and ends when the other side has read all of it, at %s',
    (host) =>
      withListener(
        async ({ path, bytes }) => {
          const connection = await connect(path);
          await connection.write(Buffer.from('one '));
          await connection.write(Buffer.alloc(300_000, 'x'));
          await connection.end();
          expect(bytes().length).toBe(300_004);
        },
        { ...(host !== undefined && { host }) },
      ),
  );

  it.each([
    ['tcp://127.0.0.1', 'expected a path of at most 107 bytes, or tcp://HOST:PORT'],
    ['tcp://127.0.0.1:0', 'expected a path of at most 107 bytes, or tcp://HOST:PORT'],
    ['', 'expected a path of at most 107 bytes, or tcp://HOST:PORT'],
    ['tcp://127.0.0.1:1', 'nobody listens there: start the daemon'],
    ['tcp://nobody.invalid:1', expect.stringMatching(/^the name of this host /) as string],
  ])('says why there is no connection: %j', async (path, found) =>
    expect(await failure(connect(path))).toMatchObject({ name: 'ConnectionError', path, found }),
  );

  it('takes digits for a path, not for a port', async () => {
    const error = await failure(connect('9410'));
    expect(error).toMatchObject({ message: '9410: no socket is there: start the daemon, or name its socket' });
  });

  it('gives up after 5 s where nobody answers', async () => {
    // Its queue has room for two, and nobody accepts them: who comes later is not answered.
    const script =
      'import socket, sys; s = socket.create_server(("127.0.0.1", 0), backlog=0); t = socket.create_connection(s.getsockname()); print(s.getsockname()[1], flush=True); sys.stdin.read()';
    const python = spawn('python3', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
    const [port] = (await once(python.stdout, 'data')) as [Buffer];
    const path = `tcp://127.0.0.1:${Number(String(port))}`;
    expect(await failure(connect(path))).toMatchObject({ message: `${path}: nobody answers there` });
    python.stdin.end();
    await once(python, 'exit');
  }, 20_000);

  it('waits while nobody reads, and goes on when somebody does', () =>
    withListener(
      async ({ path, connected }) => {
        const socket = connected();
        const connection = await connect(path);
        let written = 0;
        const writing = (async () => {
          for (; written < 64; written += 1) await connection.write(Buffer.alloc(64 * 1024));
        })();
        const other = await socket;
        // What a socket takes without a reader is bounded: it never comes to the end before it is read.
        await Promise.race([writing, new Promise((resolve) => setTimeout(resolve, 200))]);
        expect(written).toBeLessThan(64);
        let read = 0;
        other.on('data', (chunk) => (read += chunk.length));
        await writing;
        await connection.end();
        expect(read).toBe(64 * 64 * 1024);
      },
      { read: false },
    ));

  it.each([
    ['none', 'no socket is there: start the daemon, or name its socket'],
    ['plain', 'nobody listens there: start the daemon'],
  ])('says why there is no connection: %s', (name, said) =>
    inFolder(async (folder) => {
      await writeFile(join(folder, 'plain'), '');
      const path = join(folder, name);
      const error = await failure(connect(path));
      expect(error).toBeInstanceOf(ConnectionError);
      expect(error).toMatchObject({ path, message: `${path}: ${said}` });
    }),
  );

  it('fails where the other side goes away before all was read', () =>
    withListener(
      async ({ path, connected }) => {
        const socket = connected();
        const connection = await connect(path);
        await connection.write(Buffer.from('unread'));
        (await socket).destroy();
        expect(await failure(connection.end())).toMatchObject({
          name: 'ConnectionError',
          found: 'the daemon has closed the connection',
        });
      },
      { read: false },
    ));

  it('fails a write behind the other side’s end', () =>
    withListener(async ({ path, connected }) => {
      const socket = connected();
      const connection = await connect(path);
      (await socket).destroy();
      const writeOn = async (): Promise<void> => {
        for (;;) {
          await connection.write(Buffer.alloc(1024));
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      expect(await failure(writeOn())).toMatchObject({ message: `${path}: the daemon has closed the connection` });
      expect(await failure(connection.end())).toBeInstanceOf(ConnectionError);
    }));

  it('ends at once where it is abandoned', () =>
    withListener(
      async ({ path, connected }) => {
        const socket = connected();
        const connection = await connect(path);
        const other = await socket;
        const closed = new Promise((resolve) => other.once('close', resolve));
        other.resume();
        connection.abandon();
        await closed;
        const found = 'this side has ended the connection';
        expect(await failure(connection.write(Buffer.from('late')))).toMatchObject({ name: 'ConnectionError', found });
      },
      { read: false },
    ));

  it('takes nothing more, and asks nothing, once it is ended', () =>
    withListener(async ({ path, bytes }) => {
      const connection = await connect(path);
      await connection.write(Buffer.from('one'));
      const ended = connection.end();
      const message = `${path}: this side has ended the connection`;
      expect(await failure(connection.write(Buffer.from('late')))).toMatchObject({ message });
      expect(await failure(connection.sync())).toMatchObject({ message });
      await ended;
      expect(await failure(connection.sync())).toMatchObject({ message });
      expect(String(bytes())).toBe('one');
    }));
});
