import { createServer } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { filter, firstValueFrom, take, toArray } from 'rxjs';
import type { Happening } from '../../../../src/cli/commands/top/model';
import { watchDaemon } from '../../../../src/cli/commands/top/watch';
import { freePorts } from '../../../support/kafka';
import { closeMonitors, serveMonitor } from '../../../support/servedMonitor';

afterEach(closeMonitors);

const kindsOf = (happenings: readonly Happening[]): readonly string[] => happenings.map(({ kind }) => kind);

describe('watchDaemon', () => {
  it('asks for buckets, and gives what the daemon tells', async () => {
    const { address, env } = await serveMonitor();
    for (const bucket of ['one', 'two']) env.ledger.received(bucket, ['s'])(1);
    const told = await firstValueFrom(watchDaemon(address, 'tw'));
    expect(told).toMatchObject({ kind: 'told', document: { buckets: { matching: 1, rows: [{ bucket: 'two' }] } } });
  });

  it('tells that the daemon is away, and goes on when it is back', async () => {
    const [port = 0] = await freePorts(1);
    const address = { kind: 'tcp', host: '127.0.0.1', port } as const;
    const served = serveMonitor({ settings: { address } });
    const { close } = await served;
    const happenings: Happening[] = [];
    const back = firstValueFrom(
      watchDaemon(address, '').pipe(
        filter((happening) => {
          happenings.push(happening);
          if (happening.kind === 'away') void serveMonitor({ settings: { address } }).catch(() => undefined);
          else if (happenings.length === 1) void close();
          return happening.kind === 'told' && happenings.length > 1;
        }),
      ),
    );
    expect(await back).toMatchObject({ kind: 'told' });
    expect(kindsOf(happenings)[0]).toBe('told');
    expect(kindsOf(happenings)).toContain('away');
  });

  it('tells that something else answers', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: {"version":2}\n\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const told = await firstValueFrom(
      watchDaemon({ kind: 'tcp', host: '127.0.0.1', port }, '').pipe(take(1), toArray()),
    );
    expect(told).toEqual([{ kind: 'away', problem: expect.stringContaining('found 2: use the kahets of') as unknown }]);
    server.close();
    server.closeAllConnections();
  });
});
