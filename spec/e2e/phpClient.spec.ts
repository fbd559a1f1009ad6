import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { endDaemons, startDaemon, temporaryFolder, type Daemon } from '../support/daemon';
import { fileStream, finalLedger, oneBucket, ROOT, rowOf } from '../support/endToEnd';
import { fencedBlocks } from '../support/fencedBlocks';
import { filesBelow } from '../support/filesBelow';
import { hasPhp } from '../support/foreignTests';
import { messagesIn, type VectorMessage } from '../vectors/frames';

const DRIVER = path.join(ROOT, 'clients/php/tests/scripts/driver.php');
const BUCKET = 'requests';
/** What a loaded machine may add to a limit of the client. */
const SLACK_MS = 500;
const LIMIT_MS = 100;

interface Answer {
  readonly result: unknown;
  readonly longestMs: number;
  readonly counters: Readonly<Record<'sent' | 'failed' | 'buffered' | 'bytes' | 'reconnects', number>>;
  /** Numbers of the messages that the fallback got. */
  readonly unsent: readonly number[];
  readonly why: string | null;
}

interface PhpProgram {
  /** Sends numbered messages `from` to `to`. */
  readonly send: (from: number, to: number, bytes?: number) => Promise<Answer>;
  readonly flush: () => Promise<Answer>;
  readonly sync: (timeoutMs: number) => Promise<Answer>;
  readonly end: () => Promise<void>;
}

const startPhp = (options: Readonly<Record<string, unknown>>): PhpProgram => {
  const child = spawn('php', [DRIVER, JSON.stringify(options)], { stdio: ['pipe', 'pipe', 'inherit'] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const tell = async (line: Readonly<Record<string, unknown>>): Promise<Answer> => {
    child.stdin.write(`${JSON.stringify(line)}\n`);
    const { value, done } = (await lines.next()) as IteratorResult<string, undefined>;
    if (done) throw new Error('the PHP program has ended');
    return JSON.parse(value) as Answer;
  };
  return {
    send: (from, to, bytes = 200) => tell({ do: 'send', bucket: BUCKET, from, to, bytes }),
    flush: () => tell({ do: 'flush' }),
    sync: (timeoutMs) => tell({ do: 'sync', timeoutMs }),
    end: async () => {
      child.stdin.end();
      await once(child, 'exit');
    },
  };
};

const startWithFiles = (folder?: string): Promise<Daemon> =>
  startDaemon({ buckets: oneBucket(BUCKET, { copy: fileStream() }), ...(folder !== undefined && { folder }) });

/** All messages in the files of a daemon that has stopped. */
const messagesOf = async ({ folder }: Daemon): Promise<readonly VectorMessage[]> => {
  const files = await filesBelow(path.join(folder, 'copy'), 'birthtimeNs');
  const contents = await Promise.all(files.map((file) => readFile(file)));
  return contents.flatMap((bytes) => messagesIn({ bucket: BUCKET, bytes }));
};

const numberOf = ({ message }: VectorMessage): number =>
  Number(/^n=(\d+) /.exec(Buffer.from(message ?? '', 'hex').toString())?.[1]);

const numbersOf = async (daemon: Daemon): Promise<readonly number[]> => (await messagesOf(daemon)).map(numberOf);

const range = (from: number, to: number): readonly number[] =>
  Array.from({ length: to - from + 1 }, (_, i) => from + i);

/** After a time that was lost the client does not try for ten times as long. */
const sendUntilTaken = async (php: PhpProgram, n: number): Promise<void> => {
  while ((await php.send(n, n)).result !== true);
};

afterEach(endDaemons);

(hasPhp() ? describe : describe.skip)('the PHP client and the daemon', () => {
  it.each([
    ['buffered', {}],
    ['unbuffered', { bufferBytes: 0 }],
    ['on a connection of its own', { persistent: false }],
  ])('send and take each message, key and header, %s', async (_, options) => {
    const daemon = await startWithFiles();
    const php = startPhp({ socket: daemon.socket, ...options });
    await php.send(0, 999);
    const { counters, unsent } = await php.flush();
    await php.end();
    const ended = await daemon.stop();

    expect(counters).toMatchObject({ sent: 1000, failed: 0, buffered: 0, reconnects: 0 });
    expect(unsent).toEqual([]);
    expect(rowOf(finalLedger(ended), BUCKET, 'copy')).toMatchObject({ received: 1000, delivered: 1000 });
    const messages = await messagesOf(daemon);
    expect(messages.map(numberOf)).toEqual(range(0, 999));
    expect(messages.filter(({ as }) => as === 'record')).toHaveLength(334);
    const hex = (text: string): string => Buffer.from(text).toString('hex');
    expect(messages[999]).toMatchObject({
      bucket: BUCKET,
      key: hex('key-9'),
      message: hex('n=999 '.padEnd(200, '.')),
      headers: [['number', hex('999')]],
    });
  });

  it('go on where the daemon is restarted in between, with what came while it was away at the fallback', async () => {
    const first = await startWithFiles();
    const php = startPhp({ socket: first.socket });
    await php.send(0, 99);
    expect((await php.flush()).result).toBe(true);
    await first.stop();

    await php.send(100, 199);
    const away = await php.flush();
    expect(away).toMatchObject({ result: false, why: 'unreachable', counters: { sent: 100, failed: 100 } });
    expect(away.unsent).toEqual(range(100, 199));

    const second = await startWithFiles(first.folder);
    await php.send(200, 299);
    expect(await php.flush()).toMatchObject({ result: true, counters: { sent: 200, failed: 100, reconnects: 1 } });
    await php.end();
    expect((await second.stop()).code).toBe(0);
    expect(await numbersOf(second)).toEqual([...range(0, 99), ...range(200, 299)]);
  });

  it('keep the limits of time where the daemon stands still, and leave no half message', async () => {
    const daemon = await startWithFiles();
    const php = startPhp({ socket: daemon.socket, bufferBytes: 0 });
    await php.send(0, 9);
    process.kill(daemon.pid, 'SIGSTOP');
    try {
      // Each is more than a socket holds: the first is cut, and the others are not tried for a while.
      const still = await php.send(10, 14, 1_000_000);
      expect(still.longestMs).toBeGreaterThanOrEqual(LIMIT_MS);
      expect(still.longestMs).toBeLessThan(LIMIT_MS + SLACK_MS);
      expect(still).toMatchObject({ result: false, counters: { sent: 10, failed: 5 } });
      expect(still.unsent).toEqual(range(10, 14));
    } finally {
      process.kill(daemon.pid, 'SIGCONT');
    }
    await sendUntilTaken(php, 900);
    const last = await php.send(1000, 1009);
    await php.end();
    const ended = await daemon.stop();

    expect(last.result).toBe(true);
    // One, unless the machine is so busy that the pause after the first was over before the last was tried.
    const { reconnects } = last.counters;
    expect(reconnects).toBeGreaterThan(0);
    expect((await numbersOf(daemon)).toSorted((a, b) => a - b)).toEqual([...range(0, 9), 900, ...range(1000, 1009)]);
    expect(rowOf(finalLedger(ended), '(none)', '(none)').dropped).toEqual({ truncated: reconnects });
  });

  it('speak of what has become of the messages', async () => {
    const daemon = await startWithFiles();
    const php = startPhp({ socket: daemon.socket });
    await php.send(0, 99);
    expect((await php.sync(10_000)).result).toEqual({ status: 'delivered', messages: 100 });
    expect(await numbersOf(daemon)).toEqual(range(0, 99));
    await php.send(100, 149);
    expect((await php.sync(10_000)).result).toEqual({ status: 'delivered', messages: 50 });
    await php.end();
    await daemon.stop();
    expect(await numbersOf(daemon)).toEqual(range(0, 149));
  });

  it('say so where nothing answers a sync in time', async () => {
    const daemon = await startWithFiles();
    const php = startPhp({ socket: daemon.socket });
    await php.send(0, 9);
    await php.flush();
    process.kill(daemon.pid, 'SIGSTOP');
    try {
      const { result, why, longestMs } = await php.sync(50);
      expect({ result, why }).toEqual({ result: { status: 'unknown', messages: 0 }, why: 'timeout' });
      expect(longestMs).toBeLessThan(50 + SLACK_MS);
    } finally {
      process.kill(daemon.pid, 'SIGCONT');
    }
    await php.end();
    await daemon.stop();
    expect(await numbersOf(daemon)).toEqual(range(0, 9));
  });
});

(hasPhp() ? describe : describe.skip)('what docs/protocol.md shows in PHP', () => {
  /** Runs `record` and `sync` of the page, which has a block of PHP for each body; then `program`, whose argument is the socket. */
  const runPage = async (program: string, socket: string): Promise<unknown> => {
    const page = await readFile(path.join(ROOT, 'docs/protocol.md'), 'utf8');
    const shown = fencedBlocks(page).filter(({ language }) => language === 'php');
    const [, record = '', sync = ''] = shown.map(({ text }) => text.replace('<?php', ''));
    const { stdout } = await promisify(execFile)('php', ['-r', `${record}${sync}${program}`, socket]);
    return JSON.parse(stdout);
  };
  const OPEN = "$socket = stream_socket_client('unix://' . $argv[1]);";

  it('is told what became of the messages', async () => {
    const daemon = await startWithFiles();
    const program = `${OPEN} fwrite($socket, $frame . $frame); echo json_encode([sync($socket), sync($socket, 2)]);`;
    expect(await runPage(program, daemon.socket)).toEqual([
      [0, 2],
      [0, 0],
    ]);
    await daemon.stop();
    expect(await messagesOf(daemon)).toHaveLength(2);
  });

  it('does not know where no answer comes in time, or the connection ends', async () => {
    const socket = path.join(await temporaryFolder(), 'silent.sock');
    const server = createServer((connection) => {
      connection.once('data', () => connection.once('data', () => connection.end()));
    });
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    const program = `${OPEN} echo json_encode([sync($socket, 1, 0.1), sync($socket, 2, 10.0)]);`;
    expect(await runPage(program, socket)).toEqual([null, null]);
    server.close();
  });
});
