import { once } from 'node:events';
import { chmodSync, closeSync, mkdtempSync, openSync, rmSync, unlinkSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as E from 'fp-ts/Either';
import { passedSocket } from '../../src/sources/passedSocket';

const PID = 4711;

describe('passedSocket', () => {
  it.each([
    ['no variables', {}],
    ['variables for another process', { LISTEN_FDS: '1', LISTEN_PID: String(PID + 1) }],
    ['no process', { LISTEN_FDS: '1' }],
    ['no number', { LISTEN_PID: String(PID) }],
    ['nothing', { LISTEN_FDS: '0', LISTEN_PID: String(PID) }],
  ])('finds none where there are %s', (_what, environment) => {
    expect(passedSocket(environment, PID)).toEqual(E.right(undefined));
  });

  it.each([
    [{ LISTEN_FDS: '2', LISTEN_FDNAMES: 'a.socket:b.socket' }, '2 (LISTEN_FDNAMES=a.socket:b.socket)'],
    [{ LISTEN_FDS: 'one' }, 'one'],
  ])('takes one and no more: %j', (environment, got) => {
    expect(passedSocket({ ...environment, LISTEN_PID: String(PID) }, PID)).toEqual(
      E.left(`LISTEN_FDS: expected 1, got ${got}; give the service one socket unit with one ListenStream=`),
    );
  });
});

describe('passedSocket, of what is passed', () => {
  let folder: string;
  let server: Server;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'kahets-'));
    server = createServer();
  });
  afterEach(() => {
    server.close();
    rmSync(folder, { recursive: true });
  });

  const passed = (descriptor: number): unknown =>
    passedSocket({ LISTEN_FDS: '1', LISTEN_PID: String(PID) }, PID, descriptor);
  const descriptorOf = (one: Server | Socket): number =>
    (one as unknown as { readonly _handle: { readonly fd: number } })._handle.fd;
  const listen = async (where: string | number): Promise<number> => {
    server.listen(where);
    await once(server, 'listening');
    return descriptorOf(server);
  };
  const refused = (descriptor: number, got: string): unknown =>
    E.left(
      `LISTEN_FDS: expected descriptor ${descriptor} to be a UNIX stream socket that listens, got ${got}; ListenStream= of the socket unit is to be a path, and TCP addresses stand in SOCKET`,
    );

  it('takes a UNIX stream socket that listens, with its path and mode', async () => {
    const at = path.join(folder, 'ü s.sock');
    const descriptor = await listen(at);
    chmodSync(at, 0o640);
    expect(passed(descriptor)).toEqual(E.right({ descriptor, path: at, mode: 0o640 }));
    unlinkSync(at);
    expect(passed(descriptor)).toEqual(E.right({ descriptor, path: at, mode: undefined }));
  });

  it('does not take a connection', async () => {
    const at = path.join(folder, 's');
    await listen(at);
    const client = connect(at);
    await once(client, 'connect');
    const descriptor = descriptorOf(client);
    expect(passed(descriptor)).toEqual(refused(descriptor, 'a UNIX socket that does not listen (Accept=yes?)'));
    client.destroy();
  });

  it('does not take a socket of another family', async () => {
    const descriptor = await listen(0);
    expect(passed(descriptor)).toEqual(
      refused(descriptor, 'a socket that is no UNIX socket of this network namespace'),
    );
  });

  it('does not take a file, or what is not open', () => {
    const descriptor = openSync(path.join(folder, 'file'), 'w');
    expect(passed(descriptor)).toEqual(refused(descriptor, 'no socket'));
    closeSync(descriptor);
    expect(passed(descriptor)).toEqual(refused(descriptor, 'EBADF'));
  });
});
