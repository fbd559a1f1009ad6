import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as TE from 'fp-ts/TaskEither';
import * as E from 'fp-ts/Either';
import { concat, firstValueFrom, lastValueFrom, map, NEVER, of, Subject, takeUntil, throwError, toArray } from 'rxjs';
import { createDaemon } from '../../src/control/createDaemon';
import type { CreateDaemonOptions, Daemon } from '../../src/control/daemonApi';
import { DaemonFailure } from '../../src/control/daemonFailure';
import type { Source } from '../../src/model';
import { sinks } from '../../src/sinks';
import { defineSink } from '../../src/sinks/defineSink';
import { memoryLog, messagesOf } from '../../src/testing/builders';
import { createFakeSink } from '../../src/testing/fakeSink';
import { encodeFrame } from '../../src/wire/frame';
import { openClient } from '../support/client';

const config = (...buckets: readonly string[]) => ({
  streamsConfigs: { fake: { type: 'fake', settings: {} } },
  buckets: buckets.map((id) => ({ id, streams: ['fake'], batch: 1, batchTimeout: 1 })),
});

/** A client that is connected from the start, and what it writes. */
const aClient = () => {
  const chunks$ = new Subject<Buffer>();
  const source: Source = ({ stop$, nextId }) =>
    concat(of({ id: nextId(), chunks$: chunks$.pipe(takeUntil(stop$)) }), NEVER).pipe(takeUntil(stop$));
  return { source, send: (bucket: string, message: string) => chunks$.next(encodeFrame(bucket, message)) };
};

/** What a promise rejects with. */
const failureOf = (promise: Promise<unknown>): Promise<DaemonFailure> =>
  promise.then(
    () => {
      throw new Error('expected a failure');
    },
    (error: unknown) => {
      if (error instanceof DaemonFailure) return error;
      throw error;
    },
  );

const thrownBy = (make: () => unknown): DaemonFailure => {
  try {
    make();
  } catch (error) {
    if (error instanceof DaemonFailure) return error;
    throw error;
  }
  throw new Error('expected a failure');
};

describe('createDaemon', () => {
  let folder = '';
  const running: Daemon[] = [];
  beforeEach(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'kahets-embedded-'));
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((daemon) => daemon.stop()));
    await rm(folder, { recursive: true });
  });

  const variables = (given: Readonly<Record<string, string>> = {}) => ({
    SOCKET: path.join(folder, 's'),
    SPOOL: path.join(folder, 'spool'),
    DRAIN_TIMEOUT: '0',
    ...given,
  });

  const made = (parts: Partial<CreateDaemonOptions> = {}, listens = false) => {
    const fake = createFakeSink({ answerMs: 0 });
    const client = aClient();
    const log = memoryLog();
    const daemon = createDaemon({
      ...{ config: config('b'), environment: variables(), sinks: { ...sinks, fake: fake.kind } },
      ...(!listens && { sources: [client.source] }),
      env: { log },
      ...parts,
    });
    running.push(daemon);
    return { daemon, fake, client, log };
  };

  it('delivers what its sources bring, and tells of it', async () => {
    const { daemon, fake, client } = made();
    const settled = firstValueFrom(daemon.settled$.pipe(map(({ batch }) => messagesOf(batch))));
    const ended = daemon.run();
    await daemon.listening;
    client.send('b', 'a message');
    expect(await settled).toEqual(['a message']);
    await daemon.stop();

    expect(await ended).toEqual({ spooled: 0, lost: 0 });
    expect(fake.stored('b')).toEqual(['a message']);
    expect(daemon.rows()).toMatchObject([{ bucket: 'b', stream: 'fake', received: 1, delivered: 1, held: 0 }]);
  });

  it('listens on SOCKET, and no longer when it has stopped', async () => {
    const { daemon, fake } = made({}, true);
    const ended = daemon.run();
    await daemon.listening;
    const client = await openClient(variables().SOCKET);
    await client.write(encodeFrame('b', 'over the socket'));
    await client.end();
    await daemon.stop();
    expect([await ended, fake.stored('b')]).toEqual([{ spooled: 0, lost: 0 }, ['over the socket']]);
    await expect(openClient(variables().SOCKET)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('goes on beside another daemon, each with its socket and spool', async () => {
    const others = { SOCKET: path.join(folder, 't'), SPOOL: path.join(folder, 'other') };
    const daemons = [made({}, true), made({ environment: variables(others) }, true)];
    const ended = daemons.map(({ daemon }) => daemon.run());
    await Promise.all(daemons.map(({ daemon }) => daemon.listening));
    for (const [n, socket] of [variables().SOCKET, others.SOCKET].entries()) {
      const client = await openClient(socket);
      await client.write(encodeFrame('b', `for ${n}`));
      await client.end();
    }
    await Promise.all(daemons.map(({ daemon }) => daemon.stop()));
    expect(await Promise.all(ended)).toHaveLength(2);
    expect(daemons.map(({ fake }) => fake.stored('b'))).toEqual([['for 0'], ['for 1']]);
  });

  it('reads no environment but the one that it is given', async () => {
    process.env['MAXCPUS'] = 'many';
    try {
      const { daemon } = made();
      void daemon.stop();
      expect(await daemon.run()).toEqual({ spooled: 0, lost: 0 });
    } finally {
      delete process.env['MAXCPUS'];
    }
  });

  it('reads a file of configuration', async () => {
    const file = path.join(folder, 'buckets.json');
    await writeFile(file, JSON.stringify(config('from-file')));
    const { daemon, fake, client } = made({ config: file });
    const settled = firstValueFrom(daemon.settled$);
    void daemon.run();
    await daemon.listening;
    client.send('from-file', 'm');
    await settled;
    expect(fake.stored('from-file')).toEqual(['m']);
  });

  describe('told of a wrong configuration', () => {
    it('throws all that is wrong with it, and where', () => {
      const bad = { streamsConfigs: { s: { type: 'fak' } }, buckets: [{ id: 'b', streams: ['s'], batch: 'many' }] };
      const failure = thrownBy(() => made({ config: bad, environment: { MAXCPUS: '0', HTTP: '9410' } }));
      expect(failure.reason).toBe('configuration');
      expect(failure.problems.map(({ file, path: at }) => `${file}: ${at}`)).toEqual([
        ...['environment: HTTP', 'environment: MAXCPUS', 'config: buckets[0].batch', 'config: streamsConfigs.s.type'],
      ]);
      expect(failure.message.split('\n')).toEqual(
        failure.problems.map(({ file, path: at, expected, got }) => `${file}: ${at}: expected ${expected}, got ${got}`),
      );
      expect(failure.problems[3]).toEqual({
        ...{ file: 'config', path: 'streamsConfigs.s.type', got: '"fak"' },
        expected: expect.stringContaining('fake') as string,
      });
    });

    it.each([
      ['a file that is not there', '/nowhere/buckets.json', 'ENOENT'],
      ['what is no JSON', { streamsConfigs: 1n }, 'BigInt'],
    ])('throws for %s', (_, given, found) => {
      expect(thrownBy(() => made({ config: given })).message).toContain(found);
    });

    it('says in which line of a file', async () => {
      const file = path.join(folder, 'buckets.json');
      await writeFile(file, `{\n"streamsConfigs": 1, "buckets": [] }`);
      expect(thrownBy(() => made({ config: file })).problems[0]).toMatchObject({ file, line: 2 });
    });
  });

  describe('that cannot run', () => {
    it('fails where a stream cannot be opened', async () => {
      const closed = defineSink({
        decode: () => E.right(undefined),
        open: (_, { name }) => TE.left({ sink: name, message: 'expected a key, found none' }),
      });
      const { daemon } = made({ sinks: { fake: closed } });
      expect(await failureOf(daemon.run())).toMatchObject({
        reason: 'open',
        message: 'fake: expected a key, found none',
      });
      expect(await failureOf(daemon.listening)).toMatchObject({ reason: 'open' });
    });

    it('fails where another daemon listens', async () => {
      const first = made({}, true);
      void first.daemon.run();
      await first.daemon.listening;
      const second = made({ environment: variables({ SPOOL: path.join(folder, 'other') }) }, true);
      const failure = await failureOf(second.daemon.run());
      expect(failure).toMatchObject({
        reason: 'listen',
        message: expect.stringContaining(variables().SOCKET) as string,
      });
    });

    it('fails with the error of a source, as its cause', async () => {
      const error = new Error('the queue is gone');
      const { daemon } = made({ sources: [() => throwError(() => error)] });
      expect(await failureOf(daemon.run())).toMatchObject({ reason: 'unexpected', cause: error });
    });
  });

  describe('stop', () => {
    it('may come before the start, and any number of times', async () => {
      const { daemon } = made();
      await Promise.all([daemon.stop(), daemon.stop()]);
      expect(await daemon.run()).toEqual({ spooled: 0, lost: 0 });
      expect(daemon.run()).toBe(daemon.run());
      await daemon.stop();
    });

    it('puts into the spool what is not delivered in time, which the next daemon delivers', async () => {
      const { daemon, fake, client } = made();
      fake.behave('hangs');
      const ended = daemon.run();
      await daemon.listening;
      client.send('b', 'too late');
      await daemon.stop();
      expect([(await ended).lost, fake.stored('b')]).toEqual([0, []]);

      const next = made();
      const taken = firstValueFrom(next.fake.taken$);
      void next.daemon.run();
      await taken;
      expect(next.fake.stored('b')).toEqual(['too late']);
    });

    it('completes settled$', async () => {
      const { daemon } = made();
      const all = lastValueFrom(daemon.settled$.pipe(toArray()));
      void daemon.run();
      await daemon.stop();
      expect(await all).toEqual([]);
    });
  });

  describe('spill', () => {
    it('writes what is held to the spool, once, where the next daemon finds it', async () => {
      const { daemon, fake, client, log } = made();
      fake.behave('hangs');
      void daemon.run();
      await daemon.listening;
      client.send('b', 'held');
      expect(daemon.spill(new Error('a defect'))).toEqual({ spooled: 1, lost: 0 });
      expect(daemon.spill()).toEqual({ spooled: 1, lost: 0 });
      expect(log.lines.filter(({ level }) => level === 'fatal')).toMatchObject([
        { message: 'unexpected end', fields: { error: expect.stringContaining('a defect') as string } },
      ]);

      const next = made({ environment: variables({ SOCKET: path.join(folder, 'next') }) });
      const taken = firstValueFrom(next.fake.taken$);
      void next.daemon.run();
      await taken;
      expect(next.fake.stored('b')).toEqual(['held']);
    });

    it('makes nothing where nothing is held', async () => {
      const { daemon } = made();
      expect(daemon.spill()).toEqual({ spooled: 0, lost: 0 });
      expect(await readdir(folder)).toEqual([]);
    });
  });

  describe('reload', () => {
    it('takes another configuration', async () => {
      const { daemon, fake, client } = made();
      void daemon.run();
      await daemon.listening;
      expect(await daemon.reload(config('b', 'c'))).toEqual({ kept: ['fake'], replaced: [], added: [], removed: [] });
      const settled = firstValueFrom(daemon.settled$);
      client.send('c', 'to the new one');
      await settled;
      expect(fake.stored('c')).toEqual(['to the new one']);
    });

    it('reads its file again', async () => {
      const file = path.join(folder, 'buckets.json');
      await writeFile(file, JSON.stringify(config('b')));
      const { daemon } = made({ config: file });
      void daemon.run();
      await daemon.listening;
      await writeFile(file, '{}');
      const failure = await failureOf(daemon.reload());
      expect([failure.reason, failure.problems[0]?.file]).toEqual(['configuration', file]);
      await writeFile(file, JSON.stringify(config('b', 'c')));
      expect(await daemon.reload()).toMatchObject({ kept: ['fake'] });
    });

    it('fails before the start and after the end', async () => {
      const { daemon } = made();
      expect((await failureOf(daemon.reload())).reason).toBe('notRunning');
      void daemon.run();
      await daemon.stop();
      expect((await failureOf(daemon.reload())).reason).toBe('notRunning');
    });
  });

  describe('its log', () => {
    const secret = (log: ReturnType<typeof memoryLog>): CreateDaemonOptions => ({
      config: {
        streamsConfigs: { k: { type: 'fake', settings: { password: 'hunter22' } } },
        buckets: [{ id: 'b', streams: ['k'] }],
      },
      environment: variables(),
      sinks: {
        fake: defineSink({
          decode: () => E.right(undefined),
          open: (_, env) => {
            env.log.info('opens with hunter22', { by: ['hunter22'] });
            return TE.right(createFakeSink().open());
          },
        }),
      },
      sources: [aClient().source],
      env: { log },
    });

    it('shows no secret of the configuration', async () => {
      const log = memoryLog();
      const daemon = createDaemon(secret(log));
      running.push(daemon);
      void daemon.run();
      await daemon.listening;
      expect(log.lines.filter(({ message }) => message.startsWith('opens with'))).toHaveLength(1);
      expect(JSON.stringify(log.lines)).not.toContain('hunter22');
    });
  });
});
