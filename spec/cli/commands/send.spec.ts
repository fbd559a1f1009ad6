import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import * as fc from 'fast-check';
import { of, Subject, timer } from 'rxjs';
import { lines, MessageTooLong, repeated } from '../../../src/cli/commands/send/input';
import { pump } from '../../../src/cli/commands/send/pump';
import type { Status, Synced } from '../../../src/model';
import { encodeFrame } from '../../../src/wire/frame';
import { encodeRecord } from '../../../src/wire/record';
import { encodeSync, encodeSynced } from '../../../src/wire/sync';
import { inFolder } from '../../support/fileSinks';
import { withListener } from '../../support/listener';
import { run } from './harness';

const cut = function* (bytes: Buffer, places: readonly number[]): Generator<Buffer> {
  const ends = [...places.map((place) => place % (bytes.length + 1)), bytes.length].toSorted((a, b) => a - b);
  let from = 0;
  for (const end of ends) {
    yield bytes.subarray(from, end);
    from = end;
  }
};

const asyncOf = async function* <A>(items: Iterable<A>): AsyncGenerator<A> {
  for (const item of items) yield await Promise.resolve(item);
};

const all = async (batches: AsyncIterable<readonly Buffer[]>): Promise<readonly string[]> => {
  const found: string[] = [];
  for await (const batch of batches) found.push(...batch.map(String));
  return found;
};

describe('lines', () => {
  it('are the same however the bytes are cut', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ unit: fc.constantFrom('a', 'é', '\r', ' ') })),
        fc.boolean(),
        fc.array(fc.nat()),
        async (texts, isEnded, places) => {
          const bytes = Buffer.from(texts.join('\n') + (isEnded && texts.length > 0 ? '\n' : ''));
          const expected = texts.length > 0 && !isEnded && texts.at(-1) === '' ? texts.slice(0, -1) : texts;
          expect(await all(lines(asyncOf(cut(bytes, places)), 1000))).toEqual(expected);
        },
      ),
    ));

  it('end at one that is too long, after those before it, holding no more of it', async () => {
    const found: string[] = [];
    let taken = 0;
    const endless = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('12345\n123456\n12');
      for (;;) {
        taken += 1;
        yield await Promise.resolve(Buffer.from('x'));
      }
    };
    const read = async (): Promise<void> => {
      for await (const batch of lines(endless(), 6)) found.push(...batch.map(String));
    };
    await expect(read()).rejects.toEqual(new MessageTooLong(3, 6));
    expect(found).toEqual(['12345', '123456']);
    expect(taken).toBe(5);
  });
});

describe('repeated', () => {
  it.each([1, 999, 1000, 1001, 2500])('is %d messages', (count) => {
    const batches = [...repeated(Buffer.from('m'), count)];
    expect(batches.flat()).toHaveLength(count);
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(1000);
  });
});

describe('pump', () => {
  it('keeps to a rate by the clock, and to one write a twentieth of a second', async () => {
    let nowMs = 0;
    const writes: [atMs: number, bytes: number][] = [];
    await pump(repeated(Buffer.from('m'), 200), {
      connection: {
        write: ({ length }) => {
          writes.push([nowMs, length]);
          return Promise.resolve();
        },
      },
      encode: (message) => message,
      rate: 100,
      now: () => nowMs,
      pause: (ms) => {
        nowMs += ms;
        return Promise.resolve();
      },
      onWritten: () => undefined,
      isStopped: () => false,
    });
    expect(writes).toHaveLength(40);
    expect(writes.every(([, bytes]) => bytes === 5)).toBe(true);
    expect(writes.at(0)).toEqual([0, 5]);
    expect(writes.at(-1)).toEqual([1950, 5]);
  });
});

describe('kahets send', () => {
  it('sends one message, with a key, in a frame of version 1', () =>
    withListener(async ({ path, bytes }) => {
      const ran = await run(['send', 'b', 'héllo', '--key', 'k', '--socket', path]);
      expect(ran).toEqual({ code: 0, out: `1 message (14 bytes) sent to b at ${path}\n`, err: '' });
      expect(bytes()).toEqual(encodeFrame('b', 'héllo', 'k'));
    }));

  it('sends to a TCP address, of --socket or where SOCKET has it first', () =>
    withListener(
      async ({ path, bytes }) => {
        const said = { code: 0, out: `1 message (8 bytes) sent to b at ${path}\n`, err: '' };
        expect(await run(['send', 'b', 'm', '--socket', path])).toEqual(said);
        expect(await run(['send', 'b', 'm'], { environment: { SOCKET: `${path},./none` } })).toEqual(said);
        expect(bytes()).toEqual(Buffer.concat([encodeFrame('b', 'm'), encodeFrame('b', 'm')]));
      },
      { host: '127.0.0.1' },
    ));

  it('ends with 69 where --socket is no address', async () => {
    const ran = await run(['send', 'b', 'm', '--socket', 'tcp://localhost']);
    expect(ran).toMatchObject({
      code: 69,
      err: 'kahets: tcp://localhost: expected a path of at most 107 bytes, or tcp://HOST:PORT\n',
    });
  });

  it('sends headers, and a long key, in a record', () =>
    withListener(async ({ path, bytes }) => {
      const key = 'k'.repeat(256);
      await run(['send', 'b', 'm', '--header', 'a=1=2', '--header', 'b=', '--socket', path]);
      await run(['send', 'b', 'm', '--key', key, '--socket', path]);
      const headers = [
        ['a', '1=2'],
        ['b', ''],
      ] as const;
      expect(bytes()).toEqual(Buffer.concat([encodeRecord('b', 'm', { headers }), encodeRecord('b', 'm', { key })]));
    }));

  it('sends nothing but what is there: an empty input has no messages', () =>
    withListener(async ({ path }) => {
      expect(await run(['send', 'b', '--socket', path])).toMatchObject({
        code: 0,
        out: `0 messages (0 bytes) sent to b at ${path}\n`,
      });
    }));

  it('sends standard input line by line, and a file', () =>
    withListener(async ({ path, messages }, folder) => {
      const stdin = [Buffer.from('one\nt'), Buffer.from('wo\n\nfour')];
      expect((await run(['send', 'b', '--key', 'k', '--socket', path], { stdin })).code).toBe(0);
      expect(messages()).toEqual(['one', 'two', '', 'four'].map((message) => ['k', message]));
      await writeFile(join(folder, 'input'), 'five\nsix\n');
      const ran = await run(['send', 'b', '--file', join(folder, 'input'), '--json', '--socket', path]);
      expect(JSON.parse(ran.out)).toEqual({
        bucket: 'b',
        socket: path,
        messages: 2,
        bytes: 21,
        exitCode: 0,
        problems: [],
      });
      expect(messages().slice(4)).toEqual([
        ['', 'five'],
        ['', 'six'],
      ]);
    }));

  it('sends all of the input as one with --raw, and one message so often', () =>
    withListener(async ({ path, messages }) => {
      await run(['send', 'b', '--raw', '--count', '2', '--socket', path], {
        stdin: [Buffer.from('a\nb'), Buffer.from('\n')],
      });
      await run(['send', 'b', 'm', '--count', '3000', '--socket', path]);
      expect(messages().slice(0, 2)).toEqual([
        ['', 'a\nb\n'],
        ['', 'a\nb\n'],
      ]);
      expect(messages()).toHaveLength(3002);
    }));

  it('takes the socket of the daemon’s environment', () =>
    withListener(async ({ path, messages }) => {
      expect((await run(['send', 'b', 'm'], { environment: { SOCKET: path } })).code).toBe(0);
      expect(messages()).toEqual([['', 'm']]);
    }));

  it('shows a bar on a terminal, where the end is known, of the bytes that were read', () =>
    withListener(async ({ path }, folder) => {
      const shown: string[] = [];
      const terminal = Object.assign(
        new Writable({
          write: (chunk: Buffer, _encoding, done) => {
            shown.push(chunk.toString());
            done();
          },
        }),
        { isTTY: true, columns: 80 },
      );
      await run(['send', 'b', 'm', '--count', '5', '--socket', path], { terminal: () => terminal });
      expect(shown.join('')).toContain('100 %');
      shown.length = 0;
      await writeFile(join(folder, 'input'), 'm\n'.repeat(100_000));
      await run(['send', 'b', '--file', join(folder, 'input'), '--socket', path], { terminal: () => terminal });
      expect(shown.join('')).toMatch(/0\.2 of 0\.2 MB/);
      expect(shown.join('')).not.toMatch(/0\.[3-9] of 0\.2 MB/);
      shown.length = 0;
      await run(['send', 'b', '--socket', path], { terminal: () => terminal, stdin: [Buffer.from('m')] });
      expect(shown).toEqual([]);
    }));

  it.each([
    [['', 'm'], 'bucket: expected 1 to 255 bytes, got 0'],
    [['é'.repeat(128), 'm'], 'bucket: expected 1 to 255 bytes, got 256'],
    [['b', 'm', '--key', 'k'.repeat(65_536)], 'key: expected 0 to 65535 bytes, got 65536'],
    [['b', 'm', '--raw'], 'expected either MESSAGE or --file and --raw, got both'],
    [['b', 'm', '--file', 'f'], 'expected either MESSAGE or --file and --raw, got both'],
    [['b', '--count', '2'], '--count: expected one message to send so often'],
  ])('ends with 64 before it connects where it is called wrongly: %j', async (args, said) => {
    const ran = await run(['send', ...args, '--socket', '/nowhere']);
    expect(ran).toMatchObject({ code: 64, out: '' });
    expect(ran.err).toContain(said);
  });

  it('sends what is in front of a line that is too long, and ends with 65', () =>
    withListener(async ({ path, messages }) => {
      const environment = { MAX_FRAME: '1KB', SOCKET: path };
      const stdin = [Buffer.from(`one\n${'x'.repeat(1021)}\n${'x'.repeat(1022)}\nfour\n`)];
      const ran = await run(['send', 'b'], { environment, stdin });
      expect(ran).toMatchObject({
        code: 65,
        err: 'kahets: message 3: expected at most 1021 bytes, found more (MAX_FRAME)\n',
      });
      expect(messages().map(([, message]) => message.length)).toEqual([3, 1021]);
      const one = await run(['send', 'b', 'x'.repeat(1022)], { environment });
      expect(one).toMatchObject({ code: 65, out: expect.stringMatching(/^0 messages/) as unknown });
    }));

  describe('where the daemon has not read what is in front of a line that is too long', () => {
    const environment = { MAX_FRAME: '1KB' };
    /** More than the listener takes by itself, less than the kernel holds. */
    const stdin = [Buffer.from(`${'x'.repeat(1000)}\n`.repeat(120)), Buffer.from('y'.repeat(2000))];
    const tooLong = 'kahets: message 121: expected at most 1021 bytes, found more (MAX_FRAME)\n';

    it('ends with 69 when that goes away', () =>
      withListener(
        async ({ path, connected }) => {
          const socket = connected();
          const goAway = async function* (): AsyncGenerator<Buffer> {
            try {
              yield* asyncOf(stdin);
            } finally {
              (await socket).destroy();
            }
          };
          const ran = await run(['send', 'b', '--socket', path], { environment, stdin: goAway() });
          expect(ran).toMatchObject({ code: 69, err: `kahets: ${path}: the daemon has closed the connection\n` });
        },
        { read: false },
      ));

    it('waits no longer when it is interrupted, and says both', () =>
      withListener(
        async ({ path }) => {
          const ran = await run(['send', 'b', '--socket', path], { environment, stdin, interrupted$: timer(300) });
          expect(ran).toMatchObject({ code: 69, err: `${tooLong}kahets: interrupted\n` });
        },
        { read: false },
      ));
  });

  it.each([['none'], ['.']])('ends with 66 where a file cannot be read: %s', (name) =>
    withListener(async ({ path }, folder) => {
      const ran = await run(['send', 'b', '--file', join(folder, name), '--socket', path]);
      expect(ran).toMatchObject({ code: 66 });
      expect(ran.err).toContain('kahets: expected input that can be read, got E');
    }),
  );

  describe('with --sync', () => {
    /** Answers the first sync that comes, where there is an answer. */
    const answering = (
      answer: Partial<Synced> | undefined,
      use: (path: string, bytes: () => Buffer) => Promise<void>,
    ): Promise<void> =>
      withListener(async ({ path, bytes, connected }) => {
        const socket = connected();
        const asked = socket.then(async (client) => {
          while (!bytes().subarray(-SYNC.length).equals(SYNC)) await once(client, 'data');
          if (answer) client.write(encodeSynced({ token: 1, status: 0, messages: 1, ...answer }));
          else client.destroy();
        });
        await use(path, bytes);
        await asked;
      });
    const SYNC = encodeSync(1);

    it.each<readonly [Status, number, string]>([
      [0, 0, 'all delivered'],
      [1, 75, 'some in a backup or among the dead letters'],
      [2, 74, 'some dropped'],
    ])('waits for the answer, and ends as its status %d says', (status, code, words) =>
      answering({ status }, async (path, bytes) => {
        const ran = await run(['send', 'b', 'm', '--sync', '--socket', path]);
        expect(ran).toMatchObject({ code, out: `1 message (8 bytes) sent to b at ${path}, ${words}\n` });
        expect(ran.err === '').toBe(status === 0);
        expect(bytes()).toEqual(Buffer.concat([encodeFrame('b', 'm'), SYNC]));
      }),
    );

    it('waits no longer than --timeout', () =>
      withListener(async ({ path }) => {
        const ran = await run(['send', 'b', 'm', '--sync', '--timeout', '100ms', '--socket', path]);
        expect(ran).toEqual({
          code: 69,
          out: `1 message (8 bytes) sent to b at ${path}\n`,
          err: `kahets: ${path}: no answer within 0.1 s: what became of the messages is not known\n`,
        });
      }));

    it('shows the answer as JSON', () =>
      answering({ status: 1, messages: 3 }, async (path) => {
        const { out } = await run(['send', 'b', 'm', '--count', '3', '--sync', '--json', '--socket', path]);
        expect(JSON.parse(out)).toMatchObject({ messages: 3, exitCode: 75, synced: { status: 1, messages: 3 } });
      }));

    it('ends with 69 where no answer comes, and says that nothing is known', () =>
      answering(undefined, async (path) => {
        const ran = await run(['send', 'b', 'm', '--sync', '--socket', path]);
        expect(ran.code).toBe(69);
        expect(ran.out).toBe(`1 message (8 bytes) sent to b at ${path}\n`);
        expect(ran.err).toContain('before it answered: what became of the messages is not known');
      }));

    it('ends with 69 where another answer comes', () =>
      answering({ token: 7 }, async (path) => {
        const ran = await run(['send', 'b', 'm', '--sync', '--socket', path]);
        expect(ran).toMatchObject({ code: 69, err: expect.stringContaining('an answer to the sync 7') as string });
      }));

    it('waits no longer when it is interrupted', () =>
      withListener(async ({ path, bytes, connected }) => {
        const interrupted$ = new Subject<void>();
        const socket = connected();
        const ran = run(['send', 'b', 'm', '--sync', '--socket', path], { interrupted$ });
        const client = await socket;
        while (!bytes().subarray(-SYNC.length).equals(SYNC)) await once(client, 'data');
        interrupted$.next();
        expect(await ran).toMatchObject({ code: 69, err: 'kahets: interrupted\n' });
      }));
  });

  it('ends with 69 where there is no daemon', () =>
    inFolder(async (folder) => {
      const path = join(folder, 'none');
      const ran = await run(['send', 'b', 'm', '--socket', path]);
      expect(ran).toMatchObject({
        code: 69,
        err: `kahets: ${path}: no socket is there: start the daemon, or name its socket\n`,
      });
    }));

  it('ends with 69 where the daemon goes away in between', () =>
    withListener(
      async ({ path, connected }) => {
        void connected().then((socket) => socket.destroy());
        const ran = await run(['send', 'b', 'm', '--count', '1000000', '--socket', path]);
        expect(ran).toMatchObject({ code: 69, err: `kahets: ${path}: the daemon has closed the connection\n` });
      },
      { read: false },
    ));

  it('ends with 78 where the environment is wrong', async () => {
    const environment = { MAX_FRAME: 'large' };
    expect(await run(['send', 'b', 'm'], { environment })).toMatchObject({ code: 78, out: '' });
    const { out } = await run(['send', 'b', 'm', '--json'], { environment });
    expect(JSON.parse(out)).toMatchObject({ exitCode: 78, problems: [expect.stringContaining('MAX_FRAME')] });
  });

  it('ends behind what was written when it is interrupted, and says how much that is', () =>
    withListener(async ({ path, messages }) => {
      const interrupted$ = new Subject<void>();
      const endless = async function* (): AsyncGenerator<Buffer> {
        yield Buffer.from('one\ntwo\n');
        await new Promise((resolve) => setImmediate(resolve));
        interrupted$.next();
        await new Promise(() => undefined);
      };
      const ran = await run(['send', 'b', '--socket', path], { stdin: endless(), interrupted$ });
      expect(ran).toEqual({
        code: 69,
        out: `2 messages (20 bytes) sent to b at ${path}\n`,
        err: 'kahets: interrupted\n',
      });
      expect(messages()).toHaveLength(2);
    }));

  it('does not wait for a rate, nor for a daemon that does not read, when it is interrupted', () =>
    withListener(
      async ({ path }) => {
        const slow = await run(['send', 'b', 'm', '--count', '2', '--rate', '0.001', '--socket', path], {
          interrupted$: of('SIGINT'),
        });
        expect(slow.code).toBe(69);
        const full = await run(['send', 'b', 'm', '--count', '10000000', '--socket', path], {
          interrupted$: timer(300),
        });
        expect(full.code).toBe(69);
      },
      { read: false },
    ));
});
