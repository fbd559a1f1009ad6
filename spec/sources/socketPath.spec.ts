import crypto from 'node:crypto';
import { lstatSync } from 'node:fs';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { claimPath } from '../../src/sources/socketPath';
import { inFolder } from '../support/fileSinks';

describe('a socket in the working directory', () => {
  const before = process.cwd();
  afterEach(() => {
    process.chdir(before);
    jest.restoreAllMocks();
  });

  // Node takes a path that reads as a number for a port.
  it.each(['12345678', '1e345678', '0x123456', 'abcdef01'] as const)('is listened on by way of the name %s', (drawn) =>
    inFolder(async (folder) => {
      process.chdir(folder);
      jest.spyOn(crypto, 'randomUUID').mockReturnValue(`${drawn}-0-0-0-0`);
      const server = createServer();
      const remove = await claimPath(server, {
        ...{ path: './http.sock', backlog: 1, signal: new AbortController().signal },
      });
      expect(lstatSync('http.sock').isSocket()).toBe(true);
      remove();
      await new Promise((resolve) => server.close(resolve));
    }),
  );

  it('is not taken from a daemon that listens there, whatever its name reads as', () =>
    inFolder(async (folder) => {
      process.chdir(folder);
      const daemon = createServer().listen('./65535');
      await once(daemon, 'listening');
      const claim = claimPath(createServer(), {
        ...{ path: '65535', backlog: 1, signal: new AbortController().signal },
      });
      await expect(claim).rejects.toThrow('SOCKET 65535: found a daemon that listens there');
      await new Promise((resolve) => daemon.close(resolve));
    }));
});
