/** What docs/writing-a-sink.md shows is compiled and run, its specs as specs of ours. */
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import * as E from 'fp-ts/Either';
import { createProducer } from '../../src/client';
import { configure } from '../../src/control/configure';
import { createModules } from '../../src/control/modules';
import type { Daemon, Ended } from '../../src/control/daemonApi';
import { sinks } from '../../src/sinks';
import { codeBlocks, compileBlocks, problemsOf } from './codeBlocks';

const BLOCKS = codeBlocks('docs/writing-a-sink.md');
const shown = BLOCKS.filter(({ language }) => language === 'ts');
const [configuration = ''] = BLOCKS.flatMap(({ language, text }) => (language === 'json' ? [text] : []));
const folder = compileBlocks(shown);
const run = (name: string): unknown => jest.requireActual(path.join(folder, name.replace(/ts$/, 'js')));

describe('writing a sink', () => {
  it('shows nothing that no case here looks at', () =>
    expect(BLOCKS.filter(({ language }) => language !== '').map(({ name }) => name)).toEqual([
      ...['settings.ts', 'lines.ts', 'lines.spec.ts', 'order.spec.ts', 'block-6.json', 'main.ts'],
    ]));

  it('shows code that compiles', () => expect(problemsOf(shown)).toEqual([]), 60_000);

  it('shows a configuration that is right, and loads the sink', () => {
    const configured = configure({
      ...{ environment: { BUCKETS_FILE: path.join(folder, 'buckets.json') }, envFile: {}, kinds: sinks },
      modules: createModules(),
      read: () => E.right(configuration),
    });
    expect(configured).toMatchObject({ _tag: 'Right', right: { warnings: [] } });
    const [stream] = E.isRight(configured) ? configured.right.plan.streams : [];
    expect([stream?.primary.where, stream?.primary.limits]).toEqual([
      'lines at http://127.0.0.1:8080',
      { count: 1000 },
    ]);
  });

  it('shows a program that delivers', async () => {
    const bodies: string[] = [];
    const server = createServer((request, answer) => {
      request.on('data', (chunk: Buffer) => bodies.push(`${request.url ?? ''} ${chunk.toString()}`));
      request.on('end', () => answer.writeHead(204).end());
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    writeFileSync(
      path.join(folder, 'buckets.json'),
      configuration.replace('./lines.js', 'lines').replace('http://127.0.0.1:8080', url),
    );
    const socket = path.join(folder, 'kahets.sock');
    const before = { cwd: process.cwd(), environment: process.env };
    process.chdir(folder);
    process.env = { ...before.environment, SOCKET: socket, LOG_LEVEL: 'FATAL' };
    const { daemon, ended } = run('main.ts') as { readonly daemon: Daemon; readonly ended: Promise<Ended> };
    try {
      await daemon.listening;
      const producer = createProducer({ socket });
      await producer.send('requests', 'a message');
      expect((await producer.sync()).status).toBe('delivered');
      await producer.close();
    } finally {
      await daemon.stop();
      process.chdir(before.cwd);
      process.env = before.environment;
      server.close();
    }
    expect(await ended).toEqual({ spooled: 0, lost: 0 });
    expect(bodies).toEqual(['/requests "a message"\n']);
  });
});

for (const { name } of shown.filter((block) => block.name.endsWith('.spec.ts')))
  describe(`its ${name}`, () => void run(name));
