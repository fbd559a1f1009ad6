import {
  closeSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { once } from 'node:events';
import { type Server, type Socket, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { ListenError } from '../../src/sources/listenError';
import { type UnixSocketOptions, unixSocket } from '../../src/sources/unixSocket';
import { anIntake, clientOf, later, newFolder, startSource, undoAll, type RunningSource } from '../support/sources';

let folder: string;
let path: string;

beforeEach(() => {
  folder = newFolder();
  path = join(folder, 'in.sock');
});
afterEach(undoAll);

const start = (more: Partial<UnixSocketOptions> = {}): Promise<RunningSource> =>
  startSource(unixSocket({ path, ...more }));

const client = (): Promise<Socket> => clientOf({ where: () => ({ path }) });

const aServer = async (at: string): Promise<Server> => {
  const server = createServer();
  later(() => server.close());
  server.listen(at);
  await once(server, 'listening');
  return server;
};

/** Leaves a socket file that nobody listens on. */
const leaveStale = async (): Promise<void> => {
  const server = await aServer(join(folder, 'tmp.sock'));
  renameSync(join(folder, 'tmp.sock'), path);
  server.close();
};

describe('unixSocket', () => {
  it('listens, with nobody there', async () => {
    const { log, texts } = await start();
    expect(log.lines).toEqual([{ level: 'info', message: 'listening', fields: { path } }]);
    expect(texts.size).toBe(0);
    expect(statSync(path).isSocket()).toBe(true);
    expect(readdirSync(folder)).toEqual(['in.sock']);
  });

  it('gives the socket its mode', async () => {
    await start({ mode: 0o620 });
    expect(statSync(path).mode & 0o777).toBe(0o620);
  });

  it('replaces a socket that nobody listens on', async () => {
    await leaveStale();
    const { texts, until } = await start();
    (await client()).write('hello');
    await until(() => texts.get(1) === 'hello');
  });

  it('takes a path of 107 bytes, and a name of one letter', async () => {
    for (const name of ['s'.repeat(107 - Buffer.byteLength(folder) - 1), 's']) {
      const { subscription } = await start({ path: join(folder, name) });
      expect(readdirSync(folder)).toEqual([name]);
      subscription.unsubscribe();
    }
  });

  describe('refuses to listen', () => {
    const errorAt = async (at: string): Promise<unknown> => {
      const error: unknown = await start({ path: at }).then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(error).toBeInstanceOf(ListenError);
      return error instanceof ListenError ? error.message : undefined;
    };

    it('at a directory', async () => {
      expect(await errorAt(folder)).toBe(`SOCKET ${folder}: found a directory, expected a socket, or nothing`);
    });

    it('at a file, which it leaves alone', async () => {
      writeFileSync(path, 'precious');
      expect(await errorAt(path)).toBe(`SOCKET ${path}: found a file that is no socket, expected a socket, or nothing`);
      expect(readFileSync(path, 'utf8')).toBe('precious');
    });

    it('at a symbolic link', async () => {
      symlinkSync('elsewhere', path);
      expect(await errorAt(path)).toContain('found a symbolic link, expected a socket, or nothing');
    });

    it('at a path too long', async () => {
      const long = join(folder, 'x'.repeat(107 - Buffer.byteLength(folder)));
      expect(await errorAt(long)).toBe(`SOCKET ${long}: found 108 bytes, expected a path of at most 107 bytes`);
    });

    it('in a folder that is not there, or is none', async () => {
      const missing = join(folder, 'missing', 's');
      const expected = (at: string): string => `expected a folder ${dirname(at)} that is there and can be written to`;
      expect(await errorAt(missing)).toContain(expected(missing));
      const file = join(folder, 'file');
      writeFileSync(file, '');
      const below = join(file, 's');
      expect(await errorAt(below)).toBe(`SOCKET ${below}: found ENOTDIR, ${expected(below)}`);
    });

    it('on a descriptor that is no socket', async () => {
      const descriptor = openSync(join(folder, 'file'), 'w');
      later(() => closeSync(descriptor));
      await expect(start({ descriptor })).rejects.toEqual(
        new ListenError(path, 'EINVAL', `a socket that listens, as descriptor ${descriptor}`),
      );
      expect(readdirSync(folder)).toEqual(['file']);
    });

    it('where a daemon listens, which goes on', async () => {
      const { texts, until } = await start();
      expect(await errorAt(path)).toBe(
        `SOCKET ${path}: found a daemon that listens there, expected a socket that no daemon listens on, or nothing`,
      );
      expect(readdirSync(folder)).toEqual(['in.sock']);
      (await client()).write('still there');
      await until(() => [...texts.values()].includes('still there'));
    });
  });

  it('leaves nothing when unsubscribed from while it starts', async () => {
    await leaveStale();
    const subscription = unixSocket({ path })(anIntake()).subscribe();
    subscription.unsubscribe();
    const { subscription: second } = await start();
    second.unsubscribe();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("leaves another daemon's socket where it is at a stop", async () => {
    const { stop$, completed } = await start();
    rmSync(path);
    await aServer(path);
    stop$.next();
    await completed;
    expect(statSync(path).isSocket()).toBe(true);
    await client();
  });
});
