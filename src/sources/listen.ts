import type { ListenOptions, Server } from 'node:net';

/** Resolves once `server` listens. */
export const listen = (
  server: Server,
  where: Pick<ListenOptions, 'path' | 'host' | 'port'> & { readonly fd?: number },
  backlog: number,
): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    // As an argument: of the options of a descriptor Node 20 reads no backlog.
    server.listen(where, backlog, () => {
      server.off('error', reject);
      resolve();
    });
  });
